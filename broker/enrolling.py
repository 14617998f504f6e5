"""Who may enrol an agency and change its keys: the register's rules for agencies."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from broker.entries import CLOCK_SKEW_MS, KEY_DAYS, Enrolled, Entry, RegisterRefused, unb64
from broker.keys import verify_rotation
from broker.values import read_enrolled

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")  # it becomes part of topic and folder names


def check_agency(
    entry: Entry, old: Enrolled | None, *, signers: tuple[str, ...], officers: int, now_ms: int
) -> None:
    """Require that an agency's entry may be made by those who signed it.

    Args:
        entry: what is to be entered; its signatures have been checked.
        old: the agency as it is enrolled, None if it is not.
        signers: who signed; `officers` of them are officers.
        officers: see `signers`.
        now_ms: the node's time, Unix milliseconds: a key is replaced now, whatever the agency's
            own clock says, or its old key would go on counting.

    Raises:
        RegisterRefused: which rule it breaks.
    """
    if entry.value is None:
        raise RegisterRefused("an agency is suspended, not removed")
    if not _NAME.fullmatch(entry.key):
        raise RegisterRefused("an agency's name is a-z, 0-9 and -, at most 64, a letter first")
    new = read_enrolled(entry)
    if old is None or (new.signing, new.sealing) == (old.signing, old.sealing):
        if not officers:
            raise RegisterRefused("enrolling or changing an agency needs an officer")
        if old is not None and (new.generation, new.former) != (old.generation, old.former):
            raise RegisterRefused("the key generation changes only with the keys")
        return
    if new.generation != old.generation + 1:
        raise RegisterRefused("a new key has the next generation")
    if officers >= 2 and not new.former:
        return  # the old key is lost: two officers enrol the agency anew, nothing old counts
    if entry.key not in signers:
        raise RegisterRefused("an agency's new key is entered by the agency itself")
    _check_rotation(entry, new, old)
    if abs(new.former[-1][1] - now_ms) > CLOCK_SKEW_MS:
        raise RegisterRefused("a key is replaced now; the agency's clock is not the node's")
    # An agency may not give itself what an officer gave it no more of; one without an end has none.
    latest = datetime.fromtimestamp(now_ms / 1000, UTC).date() + timedelta(days=KEY_DAYS + 1)
    if old.keys_until is not None and (new.keys_until is None or new.keys_until > latest):
        raise RegisterRefused(f"an agency's own new keys end within {KEY_DAYS} days")


def _check_rotation(entry: Entry, new: Enrolled, old: Enrolled) -> None:
    rotation = (entry.value or {}).get("rotation")
    if not isinstance(rotation, str) or (new.roles, new.part_of, new.suspended) != (
        old.roles,
        old.part_of,
        old.suspended,
    ):
        raise RegisterRefused("a new key is signed by the old one, or by two officers")
    if new.former[:-1] != old.former or not new.former or new.former[-1][0] != old.signing:
        raise RegisterRefused("a replaced key joins the agency's former keys")
    try:
        statement = unb64(rotation)
    except ValueError:
        raise RegisterRefused("the old key's statement cannot be read") from None
    keys = verify_rotation(statement, old.verifier(), owner=old.name)
    if (keys.signing, keys.sealing) != (new.signing, new.sealing):
        raise RegisterRefused("the old key signed other keys than these")
