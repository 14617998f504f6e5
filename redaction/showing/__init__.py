"""What a decision hides, and whether a scrubbed text still shows it: the checker's own look.

It shares nothing with what scrubs but the tables of words; the checker and the reference share it
with each other. It claims that something shows only where the meaning of scrubbing orders a cut
beyond doubt, so that a text scrubbed as it should be is never refused; where the meaning lets more
be cut, it does not look.
"""

from redaction.showing.cutting import GAP, is_cut_from
from redaction.showing.hidden import Hidden
from redaction.showing.look import shows
from redaction.showing.values import Values, hidden_values

__all__ = ["GAP", "Hidden", "Values", "hidden_values", "is_cut_from", "shows"]
