"""The demonstration's stage: a fresh node, the example agencies and agreements, seeded cases."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx2

from broker.config import Config, Connector
from broker.enrol import Officer
from broker.keys import StoreSecret
from broker.load import enter_agencies, enter_facts, suspend_agencies
from broker.membership import accede, enact, sign_all
from broker.node import init_node
from broker.places import Places, make_private, write_private
from broker.register_file import RegisterFile, read_register
from broker.synthetic import Cast, make_event
from redaction.agreement import Agreement
from redaction.facts import Conflict, Consent, ConsentState, Register
from redaction.reading import read_agreement
from schemas.codec import Event, event_to_json
from schemas.registry import Registry

EXAMPLES = Path(__file__).parent.parent / "examples"
PERSON = "victim"
# One record in so many is broken on purpose, to show what becomes of it.
BROKEN_EVERY = 100
EVENTS_PER_CASE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One arrangement of `examples/`: its agreement and the text that was signed."""

    agreement: Agreement
    text: str


def read_examples(folder: Path = EXAMPLES) -> tuple[RegisterFile, tuple[Example, ...]]:
    """The examples' common register and every arrangement's agreement, by folder name.

    Raises:
        FileNotFoundError: the examples are not there.
        RegisterFileError: the register has a problem.
        AgreementError: an agreement has one.
    """
    file = folder / "register.yaml"
    register = read_register(file.read_bytes(), origin=file.name)
    examples = []
    for path in sorted(folder.glob("*/agreement.yaml")):
        text = path.read_text(encoding="utf-8")
        origin = f"{path.parent.name}/{path.name}"
        examples.append(Example(agreement=read_agreement(text, origin=origin), text=text))
    return register, tuple(examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """How many signatures put the examples in force, and how many members acceded."""

    signatures: int
    accessions: int


class Stage:
    """Where the demonstration plays.

    Args:
        root: an empty or new directory; holds the node's state, the feeds and the boxes.
        seed: the same seed gives the same cases and events.
    """

    def __init__(self, root: Path, *, seed: int) -> None:
        self.root = make_private(root)
        self.places = Places(root / "state")
        self.registry = Registry.builtin()
        self.register, self.examples = read_examples()
        self._rng = Random(seed)  # noqa: S311 - synthetic events, repeatable on purpose
        self._schools = tuple(
            sorted(n for n, a in self.register.register.agencies.items() if "school" in a.roles)
        )
        self._lines: dict[str, int] = {}

    def build(self) -> StoreSecret:
        """Make the node; give what unlocks its stores."""
        make_private(self.places.root)
        key = self.places.root / "store.key"
        write_private(key, secrets.token_bytes(32))
        secret = StoreSecret.from_key_file(key)
        init_node(self.places, name="gateway", secret=secret)
        for folder in ("feeds", "boxes"):
            make_private(self.root / folder)
        for name in self.publishers:
            make_private(self.root / "feeds" / name)
        return secret

    @property
    def publishers(self) -> tuple[str, ...]:
        """Who publishes under some example agreement."""
        names = {name for one in self.examples for name in one.agreement.publishers}
        return tuple(sorted(names))

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every enrolled agency: any may receive."""
        return tuple(sorted(self.register.register.agencies))

    def config(self, webhook: str, webhook_url: str) -> Config:
        """A folder source for each publisher, a folder sink for each agency, one webhook."""
        sinks = []
        for name in self.recipients:
            settings = {"directory": str(make_private(self.root / "boxes" / name))}
            kind = "folder"
            if name == webhook:
                token = self.root / "webhook-token"
                write_private(token, secrets.token_urlsafe(32).encode())
                kind, settings = "webhook", {"url": webhook_url, "token_file": str(token)}
            sinks.append(Connector(agency=name, kind=kind, settings=settings))
        sources = [
            Connector(agency=n, kind="folder", settings={"directory": str(self.root / "feeds" / n)})
            for n in self.publishers
        ]
        return Config(source=tuple(sources), sink=tuple(sinks))

    async def enter(
        self, http: httpx2.AsyncClient, secret: StoreSecret, cases: Sequence[str]
    ) -> Signed:
        """Enrol the agencies, put the agreements in force, record what is known of the cases.

        Every party signs and every member accedes, each with its own key from its own store.
        """
        officer = Officer(http, self.places, secret)
        await enter_agencies(officer, self.register)
        signatures = 0
        for one in self.examples:
            signed = sign_all(self.places, secret, one.agreement)
            await enact(officer, one.agreement, one.text, signed)
            signatures += len(signed)
        register = self._with_cases(cases)
        await enter_facts(officer, register)
        texts = {(one.agreement.id, one.agreement.version): one.agreement for one in self.examples}
        for name, agreement, version in sorted(register.accessions):
            await accede(http, self.places, secret, name, texts[agreement, version])
        await suspend_agencies(officer, self.register)
        return Signed(signatures=signatures, accessions=len(register.accessions))

    def cases(self, events: int) -> tuple[str, ...]:
        """The case references that so many events are about."""
        return tuple(f"NM-2026-{n:05}" for n in range(1, max(4, events // EVENTS_PER_CASE) + 1))

    def events(self, count: int, cases: Sequence[str]) -> Iterator[Event]:
        """So many events, spread over publishers, event types and cases."""
        purposes: dict[tuple[str, str], set[str]] = {}
        for one in self.examples:
            for publisher in one.agreement.publishers:
                for event_type in one.agreement.event_types:
                    said = purposes.setdefault((publisher, event_type), set())
                    said.update(one.agreement.purposes)
        scenes = [
            (publisher, self.registry.by_name(event_type), sorted(said))
            for (publisher, event_type), said in sorted(purposes.items())
        ]
        now = datetime.now(UTC).replace(microsecond=0)
        for _ in range(count):
            source, etype, wanted = self._rng.choice(scenes)
            yield make_event(
                etype,
                rng=self._rng,
                source=source,
                case=self._rng.choice(list(cases)),
                purposes=wanted,
                cast=Cast(schools=self._schools),
                now=now,
            )

    def feed(self, events: Sequence[Event]) -> int:
        """Append events to their publishers' feeds, now and then a broken line; count those."""
        broken = 0
        for event in events:
            path = self.root / "feeds" / event.source / "events.jsonl"
            number = self._lines[event.source] = self._lines.get(event.source, 0) + 1
            with path.open("a", encoding="utf-8") as file:
                if number % BROKEN_EVERY == BROKEN_EVERY // 2:
                    file.write('{"header": {"type": "police.domestic-incident", "id": 7}}\n')
                    broken += 1
                file.write(json.dumps(event_to_json(event), ensure_ascii=False) + "\n")
        return broken

    def _with_cases(self, cases: Sequence[str]) -> Register:
        """The examples' register with a check and mostly a consent for each synthetic case."""
        checks = dict(self.register.register.conflict_checks)
        consents = list(self.register.register.consents)
        purposes = sorted({p for one in self.examples for p in one.agreement.purposes})
        for number, case in enumerate(cases):
            if number % 9 == 8:
                continue  # not checked: unknown, so nothing goes out and an officer is told
            school = self._schools[number % len(self._schools)]
            conflict = (Conflict(agency=school, instead=None),) if number % 7 == 6 else ()
            checks[case] = conflict
            state = (ConsentState.GIVEN, ConsentState.REFUSED, None)[number % 3]
            if state is not None:
                consents += [
                    Consent(case=case, person=PERSON, purpose=p, audience=None, state=state)
                    for p in purposes
                ]
        return replace(self.register.register, conflict_checks=checks, consents=tuple(consents))


def clear(root: Path) -> None:
    """Remove an earlier demonstration's directory, and nothing that is not one.

    Raises:
        FileExistsError: the directory holds something else.
    """
    if not root.exists() or not any(root.iterdir()):
        return
    if not (root / "feeds").is_dir() or not (root / "state" / "node").is_dir():
        raise FileExistsError("the directory holds something that is not a demonstration")
    shutil.rmtree(root)
