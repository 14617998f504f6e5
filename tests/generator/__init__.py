"""The one generator of schemas, agreements, events and registers that all property tests use.

It builds and never filters, so nothing is thrown away and examples shrink. `draw_world` is the way
in; the parts are there for tests that want only some of it.
"""

from tests.generator.agreements import draw_agreement
from tests.generator.cases import World, draw_world, draw_worlds
from tests.generator.events import CANARY, CanaryEvent, canary_event, draw_event
from tests.generator.running import evenly
from tests.generator.terms import Terms
from tests.generator.types import draw_event_type, draw_vocabulary

__all__ = [
    "CANARY",
    "CanaryEvent",
    "Terms",
    "World",
    "canary_event",
    "draw_agreement",
    "draw_event",
    "draw_event_type",
    "draw_vocabulary",
    "draw_world",
    "draw_worlds",
    "evenly",
]
