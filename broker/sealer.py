"""The gateway's keys at work: the epoch keys it seals with, and those announced to it."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.log import Append
from broker.topics import EPOCH_KEYS, epoch_record_key
from schemas.epoch import OpeningKey, SealingKey, announce, unverified_key_id
from schemas.errors import Code, UnknownKey
from schemas.sealing import SealingPublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the gateway is: its name, signing key, public sealing key and HMAC secrets.

    The secrets, 32 bytes each, make delivery ids and pseudonyms.
    """

    name: str
    signing: Ed25519PrivateKey
    sealing_public: bytes
    delivery_secret: bytes
    pseudonym_secret: bytes


class Sealer:
    """The epoch keys of one worker: one for each recipient, in memory only.

    INVARIANT: a key whose announcement or envelope was in a transaction that did not surely commit
    is never used again, so no two writers ever share an IV sequence: `abandon` ends them all.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._keys: dict[tuple[str, bytes], SealingKey] = {}
        self._unannounced: list[Append] = []

    def key_for(self, recipient: str, public: bytes) -> SealingKey:
        """The key for a recipient's present public key."""
        key = self._keys.get((recipient, public))
        if key is None:
            key, announcement = announce(
                self._identity.signing,
                issuer=self._identity.name,
                recipient=recipient,
                recipient_key=SealingPublicKey(public),
            )
            self._keys[recipient, public] = key
            name = epoch_record_key(recipient, unverified_key_id(announcement))
            self._unannounced.append(
                Append(topic=EPOCH_KEYS, partition=0, key=name, value=announcement)
            )
        return key

    def announcements(self) -> tuple[Append, ...]:
        """What must be in the next transaction: the announcements of keys made since the last call.

        Whether or not anything sealed with such a key is in that transaction, the next one counts
        on the key being known.
        """
        appends, self._unannounced = tuple(self._unannounced), []
        return appends

    def abandon(self) -> None:
        """End every key: the last transaction failed, or nobody knows whether it did."""
        for key in self._keys.values():
            key.die()
        self._keys.clear()
        self._unannounced.clear()


class EventKeys:
    """The epoch keys that publishers announced to the gateway, by publisher and key id."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, bytes], OpeningKey] = {}

    def add(self, publisher: str, key_id: bytes, key: OpeningKey) -> None:
        """Remember an announcement that was checked."""
        self._keys[publisher, key_id] = key

    def get(self, publisher: str, key_id: bytes) -> OpeningKey:
        """The key of that publisher and id.

        Raises:
            UnknownKey: it never announced one; the key topic must be read to its end before.
        """
        try:
            return self._keys[publisher, key_id]
        except KeyError:
            raise UnknownKey(Code.UNKNOWN_KEY, "no announcement for this key id") from None
