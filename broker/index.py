"""The index: the ledger's hops opened into a table, and the questions people ask of it.

Rebuilt from leaves and openings at any time: delete the file and it comes back. A case stands in
it only as a keyed token, so the file names nobody.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from broker.log import Log, Record, read_to_end
from broker.pending import WAITS
from broker.topics import HOPS, OPENINGS
from schemas.errors import Code
from schemas.hop import AuditorPart, Step, leaf_hash

WAITING = "waiting"  # the state of what was withheld and is decided again by itself
MAX_IN = 500  # values in one SQL list; with more the whole table is as cheap
LOOK = "look/"  # the source of an auditor's look is no record: this and who looked

_META = sa.MetaData()
_LEAF = sa.Table(
    "leaves",
    _META,
    sa.Column("leaf", sa.Integer, primary_key=True),  # index in the tree
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False, unique=True),
)
_HOP = sa.Table(
    "hops",
    _META,
    sa.Column("leaf_hash", sa.LargeBinary, primary_key=True),
    sa.Column("opening_offset", sa.Integer, nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("step", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("publisher", sa.String, nullable=False),
    sa.Column("event_id", sa.String, index=True),
    sa.Column("event_type", sa.String),
    sa.Column("case_token", sa.String, index=True),
    sa.Column("recipient", sa.String),
    sa.Column("purpose", sa.String),
    sa.Column("agreement", sa.String),
    sa.Column("agreement_version", sa.Integer),
    sa.Column("delivery_id", sa.String, index=True),
    sa.Column("gate", sa.String),
    sa.Column("code", sa.String),
    sa.Column("released", sa.Integer, nullable=False),
    sa.Column("withheld", sa.Integer, nullable=False),
    sa.Column("clauses", sa.JSON, nullable=False),
)
_PLACE = sa.Table(
    "places",
    _META,
    sa.Column("topic", sa.String, primary_key=True),
    sa.Column("next_offset", sa.Integer, nullable=False),
)

# What a delivery's receipts say of it; the most advanced one is its state.
_ADVANCE = {Step.OPENED: 1, Step.WRITTEN: 2, Step.ACKNOWLEDGED: 3, Step.REFUSED: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deliveries to list; what is None does not matter. Times are Unix milliseconds.

    `agency` matches the publisher or the recipient, `involved` the publisher or the recipient of
    what was delivered (not of what was withheld), with `case` the publisher only; `state` is
    sealed, withheld, waiting, opened, written, acknowledged or refused.
    """

    agency: str | None = None
    involved: str | None = None
    event_type: str | None = None
    state: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    case: str | None = None
    limit: int = 1000


class Index:
    """The hops behind an SQLAlchemy engine.

    Args:
        url: the database's URL.
        secret: 32 bytes that turn a case reference into its token.
        unseal: opens a sealed opening record.
    """

    def __init__(
        self, url: str, *, secret: bytes, unseal: Callable[[Record], Awaitable[AuditorPart]]
    ) -> None:
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _secure_delete)
        self._secret = secret
        self._unseal = unseal
        self._following = asyncio.Lock()
        _META.create_all(self._engine)

    @classmethod
    def in_file(
        cls, path: Path, *, secret: bytes, unseal: Callable[[Record], Awaitable[AuditorPart]]
    ) -> Index:
        """The index in an SQLite file."""
        return cls(f"sqlite:///{path}", secret=secret, unseal=unseal)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def token(self, case: str) -> str:
        """The keyed token under which a case stands in the table."""
        return hmac.digest(self._secret, b"case " + case.encode(), "sha256").hex()

    async def follow(self, log: Log) -> None:
        """Take over what the log has that the index has not; an erased opening goes here too."""
        async with self._following:
            await self._follow(log)

    async def _follow(self, log: Log) -> None:
        with self._engine.begin() as db:
            places = {row.topic: row.next_offset for row in db.execute(sa.select(_PLACE))}
            leaves = db.execute(sa.select(sa.func.count()).select_from(_LEAF)).scalar_one()
        hops = [r async for r in read_to_end(log, HOPS, 0, offset=places.get(HOPS, 0))]
        openings = [r async for r in read_to_end(log, OPENINGS, 0, offset=places.get(OPENINGS, 0))]
        if not hops and not openings:
            return
        parts = {r.offset: await self._unseal(r) for r in openings if r.value is not None}
        with self._engine.begin() as db:
            if hops:
                rows = (leaf_hash(record.value or b"") for record in hops)
                db.execute(
                    sa.insert(_LEAF),
                    [{"leaf": n, "leaf_hash": name} for n, name in enumerate(rows, leaves)],
                )
            self._take(db, openings, parts)
            for topic, records in ((HOPS, hops), (OPENINGS, openings)):
                if records:
                    db.execute(sa.delete(_PLACE).where(_PLACE.c.topic == topic))
                    offset = records[-1].offset + 1
                    db.execute(sa.insert(_PLACE).values(topic=topic, next_offset=offset))

    def deliveries(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Every delivery made or withheld that is wanted, oldest first, with its state."""
        conditions: list[sa.ColumnElement[bool]] = [_HOP.c.step.in_([Step.SEALED, Step.WITHHELD])]
        if wanted.event_type is not None:
            conditions.append(_HOP.c.event_type == wanted.event_type)
        if wanted.involved is not None:
            received = sa.and_(_HOP.c.recipient == wanted.involved, _HOP.c.delivery_id.is_not(None))
            conditions.append(sa.or_(_HOP.c.publisher == wanted.involved, received))
        if wanted.agency is not None:
            named = wanted.agency
            conditions.append(sa.or_(_HOP.c.publisher == named, _HOP.c.recipient == named))
        if wanted.since_ms is not None:
            conditions.append(_HOP.c.time_ms >= wanted.since_ms)
        if wanted.until_ms is not None:
            conditions.append(_HOP.c.time_ms < wanted.until_ms)
        if wanted.case is not None:
            conditions.append(_HOP.c.case_token == self.token(wanted.case))
            if wanted.involved is not None:  # a recipient could guess a case withheld from it
                conditions.append(_HOP.c.publisher == wanted.involved)
        rows = self._rows(conditions)
        self._add_states(rows)
        found = [row for row in rows if wanted.state in (None, row["state"])]
        return found[: wanted.limit]

    def path(self, event_id: str, *, publisher: str | None = None) -> list[dict[str, Any]]:
        """Every hop of an event and of its deliveries, in the order of the ledger."""
        own = [_HOP.c.event_id == event_id]
        if publisher is not None:
            own.append(_HOP.c.publisher == publisher)
        ids = sa.select(_HOP.c.delivery_id).where(*own, _HOP.c.step == Step.SEALED)
        return self._rows([sa.or_(sa.and_(*own), _HOP.c.delivery_id.in_(ids))])

    def sealed(self, delivery_id: str) -> dict[str, Any] | None:
        """The hop that sealed a delivery, None if there is no such delivery."""
        rows = self._rows([_HOP.c.delivery_id == delivery_id, _HOP.c.step == Step.SEALED])
        return rows[0] if rows else None

    def sent(self, case: str, *, before: int) -> list[dict[str, Any]]:
        """The hops that sealed the deliveries of a case, recalls aside.

        Args:
            case: its reference.
            before: only what has its opening below this offset of the hop openings.
        """
        return self._rows(
            [
                _HOP.c.case_token == self.token(case),
                _HOP.c.step == Step.SEALED,
                _HOP.c.opening_offset < before,
                sa.or_(_HOP.c.code.is_(None), _HOP.c.code != Code.RECALLED),
            ]
        )

    def of_case(self, case: str) -> list[dict[str, Any]]:
        """Every hop of a case's events, of their deliveries, and of looks at them."""
        named = _HOP.c.case_token == self.token(case)
        ids = sa.select(_HOP.c.delivery_id).where(named, _HOP.c.step == Step.SEALED)
        events = sa.select(_HOP.c.publisher, _HOP.c.event_id).where(named)
        looks = sa.and_(
            _HOP.c.source.startswith(LOOK, autoescape=True),
            sa.tuple_(_HOP.c.publisher, _HOP.c.event_id).in_(events),
        )
        return self._rows([sa.or_(named, _HOP.c.delivery_id.in_(ids), looks)])

    def counts(self) -> Mapping[str, int]:
        """How many hops there are of each step, and `leaves`."""
        with self._engine.connect() as db:
            steps = db.execute(sa.select(_HOP.c.step, sa.func.count()).group_by(_HOP.c.step))
            counts = {step: count for step, count in steps}
            total = db.execute(sa.select(sa.func.count()).select_from(_LEAF)).scalar_one()
        return {**counts, "leaves": total}

    def _take(
        self, db: sa.Connection, openings: Iterable[Record], parts: Mapping[int, AuditorPart]
    ) -> None:
        gone: list[bytes] = []
        rows: dict[bytes, dict[str, Any]] = {}
        for record in openings:
            name = record.key or b""
            rows.pop(name, None)
            gone.append(name)
            if record.value is not None:
                row = self._row(parts[record.offset])
                rows[name] = {"leaf_hash": name, "opening_offset": record.offset, **row}
        for name in gone:
            db.execute(sa.delete(_HOP).where(_HOP.c.leaf_hash == name))
        if rows:
            db.execute(sa.insert(_HOP), list(rows.values()))

    def _row(self, part: AuditorPart) -> dict[str, Any]:
        return {
            "time_ms": part.time_ms,
            "step": str(part.step),
            "source": part.source,
            "publisher": part.publisher,
            "event_id": part.event_id,
            "event_type": part.event_type,
            "case_token": None if part.case is None else self.token(part.case),
            "recipient": part.recipient,
            "purpose": part.purpose,
            "agreement": part.agreement,
            "agreement_version": part.agreement_version,
            "delivery_id": None if part.delivery_id is None else part.delivery_id.hex(),
            "gate": part.gate,
            "code": part.code,
            "released": part.released,
            "withheld": part.withheld,
            "clauses": list(part.clauses),
        }

    def _rows(self, conditions: Iterable[sa.ColumnElement[bool]]) -> list[dict[str, Any]]:
        joined = sa.select(_LEAF.c.leaf, _HOP).join(_HOP, _LEAF.c.leaf_hash == _HOP.c.leaf_hash)
        with self._engine.connect() as db:
            found = db.execute(joined.where(*conditions).order_by(_LEAF.c.leaf)).mappings().all()
        return [dict(row) for row in found]

    def _add_states(self, rows: list[dict[str, Any]]) -> None:
        receipts = sa.select(_HOP.c.delivery_id, _HOP.c.recipient, _HOP.c.step).where(
            _HOP.c.step.in_(list(_ADVANCE)), _HOP.c.delivery_id.is_not(None)
        )
        states: dict[tuple[str, str], str] = {}
        with self._engine.connect() as db:
            for delivery_id, recipient, step in db.execute(receipts):
                name = (delivery_id, recipient)
                if _ADVANCE[Step(step)] > _ADVANCE.get(Step(states.get(name, step)), 0) or (
                    name not in states
                ):
                    states[name] = step
        held = self._waiting({row["event_id"] for row in rows if row["gate"] in WAITS})
        for row in rows:
            state = states.get((row["delivery_id"], row["recipient"]), row["step"])
            row["state"] = WAITING if row["leaf"] in held else state

    def _waiting(self, events: Collection[str | None]) -> frozenset[int]:
        """The leaves that say last of a delivery of these events that a gate keeps it waiting."""
        if not events:
            return frozenset()
        name = (_HOP.c.publisher, _HOP.c.event_id, _HOP.c.recipient, _HOP.c.purpose)
        joined = sa.select(sa.func.max(_LEAF.c.leaf)).join(
            _HOP, _LEAF.c.leaf_hash == _HOP.c.leaf_hash
        )
        of_events = _HOP.c.event_id.in_(list(events)) if len(events) <= MAX_IN else sa.true()
        spoken = _HOP.c.step.in_([Step.SEALED, Step.WITHHELD])
        last = joined.where(of_events, spoken).group_by(*name)
        gates = [str(gate) for gate in WAITS]
        waits = sa.and_(_HOP.c.step == Step.WITHHELD, _HOP.c.gate.in_(gates))
        going_on = sa.or_(_HOP.c.code.is_(None), _HOP.c.code != Code.GAVE_UP)
        rows = self._rows([_LEAF.c.leaf.in_(last), waits, going_on])
        return frozenset(row["leaf"] for row in rows)


def _secure_delete(connection: Any, _record: object) -> None:
    """Erased rows leave no bytes in the file (SQLite keeps them otherwise)."""
    connection.execute("PRAGMA secure_delete=ON")
