"""A file of secrets that only its owner may read, and that only its secret opens.

    file       = CBOR [format, kind of secret, salt (16), nonce (12), ciphertext]
    ciphertext = AES-256-GCM of the content, with the first three as additional data
    its key    = scrypt(passphrase, salt), or HKDF-SHA256(key file, salt)

Every change replaces the file durably, by name and under a lock: a crash leaves the old content or
the new one, and two processes never overwrite each other's change.

Sources: RFC 7914 (scrypt), RFC 5869 (HKDF), NIST SP 800-38D (AES-GCM), NIST SP 800-63B section
5.1.1.2 (length and normalisation of passphrases).
"""

from __future__ import annotations

import fcntl
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from broker.places import write_private
from schemas import cbor
from schemas.errors import CasewardError, Code

KEY_FILE_BYTES: Final = 32
MIN_PASSPHRASE_CHARS: Final = 8

_FORMAT: Final = "caseward-keystore/1"
_STORE, _LOCK = "store", "lock"
_MAX_STORE_BYTES: Final = 4 * 1024 * 1024  # keys of some thousand rotations
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**17, 8, 1  # 128 MiB; about half a second a guess
_FILE: Final[cbor.Shape] = (str, str, bytes, bytes, bytes)


class KeyStoreError(CasewardError):
    """The store cannot be used: it is open to others, is none, or does not open."""

    def __init__(self, rule: str) -> None:
        super().__init__(Code.INTERNAL, f"key store: {rule}")


class StoreSecret:
    """What opens a store: a passphrase or a key file. It shows neither."""

    __slots__ = ("_secret", "kind")

    def __init__(self, kind: str, secret: bytes) -> None:
        self.kind = kind
        self._secret = secret

    @classmethod
    def from_passphrase(cls, passphrase: str) -> StoreSecret:
        """A passphrase, compared in Unicode form NFKC.

        Raises:
            KeyStoreError: it is shorter than 8 characters.
        """
        if len(passphrase) < MIN_PASSPHRASE_CHARS:
            raise KeyStoreError(f"a passphrase has at least {MIN_PASSPHRASE_CHARS} characters")
        return cls("scrypt", unicodedata.normalize("NFKC", passphrase).encode())

    @classmethod
    def from_key_file(cls, path: Path) -> StoreSecret:
        """A file of exactly 32 random bytes that only its owner may read.

        Raises:
            KeyStoreError: it is open to others, or not 32 bytes.
            OSError: it cannot be read, FileNotFoundError if it is missing.
        """
        secret = _read_private(path, KEY_FILE_BYTES + 1)
        if len(secret) != KEY_FILE_BYTES:
            raise KeyStoreError(f"a key file is {KEY_FILE_BYTES} bytes")
        return cls("key-file", secret)

    def key(self, salt: bytes) -> bytes:
        """The AES-256 key of the store with this salt (32 bytes); slow for a passphrase."""
        if self.kind == "scrypt":
            kdf = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
            return kdf.derive(self._secret)
        return HKDF(SHA256(), length=32, salt=salt, info=_FORMAT.encode()).derive(self._secret)


class Vault:
    """One encrypted file in a directory of its own, made by `create` and found by `open`."""

    __slots__ = ("_aead", "_directory", "_header")

    def __init__(self, directory: Path, secret: StoreSecret, salt: bytes) -> None:
        self._directory = directory
        self._header: list[Any] = [_FORMAT, secret.kind, salt]
        self._aead = AESGCM(secret.key(salt))

    @classmethod
    def create(cls, directory: Path, *, secret: StoreSecret, content: bytes) -> Vault:
        """A new file with this content, in a directory that is made if it is missing.

        Args:
            directory: for this file alone; its parent must exist.
            secret: what will open it.
            content: what it holds.

        Raises:
            KeyStoreError: there is one already, or the directory is open to others.
            OSError: the machine could not.
        """
        directory.mkdir(mode=0o700, exist_ok=True)
        vault = cls(directory, secret, os.urandom(_SALT_BYTES))
        with vault.locked():
            if (directory / _STORE).exists():
                raise KeyStoreError("there is a store in this directory already")
            vault.write(content)
        return vault

    @classmethod
    def open(cls, directory: Path, *, secret: StoreSecret) -> Vault:
        """The file in a directory; `read` says whether the secret is the right one.

        Raises:
            KeyStoreError: it is open to others, is none, or wants another kind of secret.
            OSError: the machine could not; FileNotFoundError if there is none.
        """
        _check_directory(directory)
        _, kind, salt, *_ = _split(_read_private(directory / _STORE, _MAX_STORE_BYTES))
        if kind != secret.kind:
            raise KeyStoreError("it is opened by the other kind of secret")
        return cls(directory, secret, salt)

    def read(self) -> bytes:
        """The content as it is on the disk now.

        Raises:
            KeyStoreError: another secret, or the file was altered, replaced or opened to others.
            OSError: the machine could not.
        """
        data = _read_private(self._directory / _STORE, _MAX_STORE_BYTES)
        *header, nonce, ciphertext = _split(data)
        if header != self._header:
            raise KeyStoreError("it was replaced by another store")
        try:
            return self._aead.decrypt(nonce, ciphertext, cbor.encode(header))
        except InvalidTag:
            raise KeyStoreError("another passphrase or key file, or the file was altered") from None

    def write(self, content: bytes) -> None:
        """Replace the content; the caller holds the lock.

        Raises:
            OSError: the machine could not; the old content stays.
        """
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._aead.encrypt(nonce, content, cbor.encode(self._header))
        write_private(self._directory / _STORE, cbor.encode([*self._header, nonce, ciphertext]))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process and thread from changing the file meanwhile."""
        _check_directory(self._directory)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = os.open(self._directory / _LOCK, flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _split(data: bytes) -> list[Any]:
    try:
        parts: list[Any] = cbor.decode(data, _FILE)
    except cbor.NotCbor:
        raise KeyStoreError("the file is no key store") from None
    if parts[0] != _FORMAT or len(parts[2]) != _SALT_BYTES or len(parts[3]) != _NONCE_BYTES:
        raise KeyStoreError("the file is of another format")
    return parts


def _check_directory(directory: Path) -> None:
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise KeyStoreError("it is not in a directory")
    _check_private(found, "the directory")


def _check_private(found: os.stat_result, what: str) -> None:
    if found.st_uid != os.geteuid():
        raise KeyStoreError(f"{what} belongs to another user")
    if found.st_mode & 0o077:
        raise KeyStoreError(f"{what} is open to others: take their permissions away")


def _read_private(path: Path, limit_bytes: int) -> bytes:
    """A file's first bytes, if it is a plain file that nobody else may touch."""
    # O_NONBLOCK: a named pipe in the file's place is refused below, not waited for.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise KeyStoreError("it is not a plain file")
        _check_private(found, "the file")
        return file.read(limit_bytes)
