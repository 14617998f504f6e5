"""The scrubber as it is used: through a decision about an event, and the view that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.scrubbing.cases import event_value
from benchmarks.scrubbing.narrative import Narrative
from redaction import plan
from redaction.decide import decide
from redaction.decision import Reason
from redaction.facts import Agency, Register
from redaction.reading import read_agreement
from schemas.codec import Event
from schemas.registry import Registry, load_vocabulary

AT: Final = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
WHERE: Final = "/incident/circumstances"


class Engine:
    """Scrubs narratives with the engine; None is a text withheld in doubt."""

    def __init__(self) -> None:
        text = (Path(__file__).parent / "agreement.yaml").read_text(encoding="utf-8")
        agreement = read_agreement(text, origin="agreement.yaml")
        self.etype = Registry.builtin().by_name("police.domestic-incident")
        self.vocabulary = load_vocabulary()
        names = ("northmoor-police", "northmoor-childrens-services", "northmoor-womens-aid")
        self.register = Register(
            agencies={
                name: Agency(name=name, roles=frozenset(), part_of=None, suspended=False)
                for name in names
            },
            agreements=(agreement,),
            accessions=frozenset((name, agreement.id, 1) for name in names),
            consents=(),
            conflict_checks={},
            trainings=(),
            calendars={},
        )

    def __call__(self, narrative: Narrative) -> str | None:
        """The narrative as its reader gets it.

        Raises:
            RuntimeError: it was neither scrubbed nor withheld in doubt.
        """
        subject = narrative.case.references[1]
        register = replace(self.register, conflict_checks={subject: ()})
        event = Event(etype=self.etype, value=event_value(narrative.case, narrative.text))
        counted = narrative.case.counted
        decision = decide(
            event,
            register,
            self.vocabulary,
            recipient="northmoor-childrens-services" if counted else "northmoor-womens-aid",
            purpose="safeguarding-children",
            at=AT,
        )
        leaf = next((leaf for leaf in decision.fields if leaf.path == WHERE), None)
        if leaf is None:
            raise RuntimeError(f"gate `{decision.gate}` is closed")
        if leaf.reason is Reason.DOUBTFUL_TEXT:
            return None
        if not leaf.released:
            raise RuntimeError(f"the narrative is withheld, reason `{leaf.reason}`")
        view = plan.view(event, register, self.vocabulary, decision, at=AT)
        scrubbed = view["incident"]["circumstances"]
        if not isinstance(scrubbed, str):
            raise RuntimeError("the narrative is neither scrubbed nor withheld")
        return scrubbed
