"""The one generator of schemas, agreements, events and registers that all property tests use.

It builds and never filters, so nothing is thrown away and examples shrink. `worlds()` is the way
in; the parts are there for tests that want only some of it.
"""

from tests.generator.agreements import agreements
from tests.generator.cases import World, worlds
from tests.generator.events import CANARY, CanaryEvent, canary_event, events
from tests.generator.running import evenly
from tests.generator.terms import Terms
from tests.generator.types import event_types, vocabularies

__all__ = [
    "CANARY",
    "CanaryEvent",
    "Terms",
    "World",
    "agreements",
    "canary_event",
    "evenly",
    "event_types",
    "events",
    "vocabularies",
    "worlds",
]
