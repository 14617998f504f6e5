"""A party's private keys in its own store: signing, sealing, and named secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from broker.vault import KeyStoreError, StoreSecret, Vault
from schemas import cbor
from schemas.errors import Code, EventRefused
from schemas.sealing import PUBLIC_BYTES, SEED_BYTES, SealingPrivateKey
from schemas.signed import sign_statement, verify_statement

__all__ = [
    "Generation",
    "KeyStore",
    "KeyStoreError",
    "PublicKeys",
    "StoreSecret",
    "verify_rotation",
]

SECRET_BYTES: Final = 32
STATEMENT: Final = "key-rotation/1"

_SIGNING_BYTES: Final = 32
_SECRET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_CONTENT: Final[cbor.Shape] = {
    "owner": str,
    "signing": bytes,
    "former": [bytes],
    "sealing": [bytes],
    "statements": [bytes],
    "secrets": [(str, bytes)],
}
_ROTATION: Final[cbor.Shape] = {"signing": bytes, "sealing": bytes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Keys that were in use together: what verifies what they signed, what opens what came."""

    verifying: Ed25519PublicKey
    sealing: SealingPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeys:
    """What a party shows the register: Ed25519 (32 bytes), ML-KEM-768 ‖ X25519 (1,216 bytes)."""

    signing: bytes
    sealing: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What the store holds.

    `signing` and `sealing` are seeds, `former` the public halves of replaced signing keys: both
    newest first, each former key beside the seed after the first. `statements` are the rotations,
    oldest first.
    """

    owner: str
    signing: bytes = field(repr=False)
    former: tuple[bytes, ...]
    sealing: tuple[bytes, ...] = field(repr=False)
    statements: tuple[bytes, ...]
    secrets: dict[str, bytes] = field(repr=False)

    def encode(self) -> bytes:
        return cbor.encode(
            {
                "owner": self.owner,
                "signing": self.signing,
                "former": self.former,
                "sealing": self.sealing,
                "statements": self.statements,
                "secrets": sorted(self.secrets.items()),
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> _Content:
        try:
            said = cbor.decode(data, _CONTENT)
        except cbor.NotCbor:
            raise KeyStoreError("its content is of another format") from None
        return cls(
            owner=said["owner"],
            signing=said["signing"],
            former=tuple(said["former"]),
            sealing=tuple(said["sealing"]),
            statements=tuple(said["statements"]),
            secrets=dict(said["secrets"]),
        )


class KeyStore:
    """The private keys of one party, made by `create` and read by `open`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._use(_Content.decode(vault.read()))

    @classmethod
    def create(cls, directory: Path, *, secret: StoreSecret, owner: str) -> KeyStore:
        """A new store with fresh keys, in a directory that is made if it is missing.

        Args:
            directory: for this store alone; its parent must exist.
            secret: what will open it.
            owner: the party's name, as it is or will be enrolled.

        Raises:
            KeyStoreError: a store is there already, or the directory is open to others.
            OSError: the machine could not.
        """
        content = _Content(
            owner=owner,
            signing=os.urandom(_SIGNING_BYTES),
            former=(),
            sealing=(os.urandom(SEED_BYTES),),
            statements=(),
            secrets={},
        )
        return cls(Vault.create(directory, secret=secret, content=content.encode()))

    @classmethod
    def open(cls, directory: Path, *, secret: StoreSecret, owner: str) -> KeyStore:
        """The store in a directory.

        Args:
            directory: where `create` made it.
            secret: what opens it.
            owner: whose it must be.

        Raises:
            KeyStoreError: it is open to others, altered, opened by another secret, or another's.
            OSError: the machine could not; FileNotFoundError if there is no store.
        """
        store = cls(Vault.open(directory, secret=secret))
        if store.owner != owner:
            raise KeyStoreError("it belongs to another party")
        return store

    @property
    def owner(self) -> str:
        """The party whose keys these are."""
        return self._content.owner

    @property
    def signing(self) -> Ed25519PrivateKey:
        """The present signing key."""
        return self._signing

    @property
    def sealing(self) -> SealingPrivateKey:
        """The present sealing key."""
        return self._generations[0].sealing

    @property
    def sealing_keys(self) -> tuple[SealingPrivateKey, ...]:
        """Every private sealing key, the present one first; old ones open what is on its way."""
        return tuple(generation.sealing for generation in self._generations)

    @property
    def generations(self) -> tuple[Generation, ...]:
        """The keys of every generation, the present one first."""
        return self._generations

    @property
    def statements(self) -> tuple[bytes, ...]:
        """Every rotation statement, oldest first: kept, so that none is lost before it is told."""
        return self._content.statements

    def public(self) -> PublicKeys:
        """The present public keys."""
        return _public(self._signing, self.sealing)

    def secret(self, name: str) -> bytes:
        """A named secret of 32 bytes, made on first use and the same ever after.

        Args:
            name: what it is for: lower-case letters, digits and hyphens.

        Raises:
            KeyStoreError: the name is not of that form, or the store is not ours any more.
            OSError: the machine could not.
        """
        if _SECRET_NAME.fullmatch(name) is None:
            raise KeyStoreError("a secret's name has lower-case letters, digits and hyphens")
        if name not in self._content.secrets:
            self._update(lambda content: _with_secret(content, name))
        return self._content.secrets[name]

    def rotate(self) -> bytes:
        """Make new keys and return the statement by which the old signing key names them.

        The old signing key is gone afterwards; old sealing keys stay, for opening.

        Raises:
            KeyStoreError: the store is not ours any more; the old keys stay.
            OSError: the machine could not; opened anew, the store says which keys it has.
        """
        self._update(_rotated)
        return self._content.statements[-1]

    def _update(self, change: Callable[[_Content], _Content]) -> None:
        """Apply a change to what is on the disk now, which may be newer than what we hold."""
        with self._vault.locked():
            content = change(_Content.decode(self._vault.read()))
            self._vault.write(content.encode())
        self._use(content)

    def _use(self, content: _Content) -> None:
        signing = Ed25519PrivateKey.from_private_bytes(content.signing)
        former = map(Ed25519PublicKey.from_public_bytes, content.former)
        self._generations = tuple(
            Generation(verifying=verifying, sealing=SealingPrivateKey(seed))
            for verifying, seed in zip(
                (signing.public_key(), *former), content.sealing, strict=True
            )
        )
        self._signing = signing
        self._content = content


def verify_rotation(statement: bytes, key: Ed25519PublicKey, *, owner: str) -> PublicKeys:
    """The new public keys that a party's present key signed.

    Args:
        statement: untrusted bytes, as `rotate` returned them.
        key: the party's present public signing key.
        owner: the party.

    Raises:
        EventRefused: `NOT_SIGNED`, `SIGNATURE_REFUSED`, `WRONG_ADDRESS`, or `BAD_VALUE`.
    """
    payload = verify_statement(statement, key, issuer=owner, kind=STATEMENT)
    try:
        said = cbor.decode(payload, _ROTATION)
    except cbor.NotCbor:
        raise EventRefused(Code.BAD_VALUE, "key rotation: not of its format") from None
    if (len(said["signing"]), len(said["sealing"])) != (_SIGNING_BYTES, PUBLIC_BYTES):
        raise EventRefused(Code.BAD_VALUE, "key rotation: a key has another length")
    return PublicKeys(signing=said["signing"], sealing=said["sealing"])


def _with_secret(content: _Content, name: str) -> _Content:
    # Another process may have made it since we last looked: then that one is the secret.
    return replace(content, secrets={name: os.urandom(SECRET_BYTES), **content.secrets})


def _rotated(content: _Content) -> _Content:
    signing, sealing = os.urandom(_SIGNING_BYTES), os.urandom(SEED_BYTES)
    new = _public(Ed25519PrivateKey.from_private_bytes(signing), SealingPrivateKey(sealing))
    old = Ed25519PrivateKey.from_private_bytes(content.signing)
    statement = sign_statement(
        old,
        issuer=content.owner,
        kind=STATEMENT,
        payload=cbor.encode({"signing": new.signing, "sealing": new.sealing}),
    )
    return replace(
        content,
        signing=signing,
        former=(old.public_key().public_bytes_raw(), *content.former),
        sealing=(sealing, *content.sealing),
        statements=(*content.statements, statement),
    )


def _public(signing: Ed25519PrivateKey, sealing: SealingPrivateKey) -> PublicKeys:
    return PublicKeys(signing=signing.public_key().public_bytes_raw(), sealing=sealing.public.raw)
