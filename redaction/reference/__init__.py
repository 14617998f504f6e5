"""The other meaning of an agreement: slow, literal, and written apart from the plan.

Each function restates a rule of the agreement language (rules 1 to 12) and names it. Nothing is
compiled or remembered: every question is asked anew of the event, the register and the text. It
shares with the plan only the types that both read, so a mistake must be made twice to pass.
"""

from redaction.reference.gates import decide, recipients
from redaction.reference.views import view

__all__ = ["decide", "recipients", "view"]
