"""The key store: nobody else reads it, no crash loses it, and rotation hands over in good order."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.keys import (
    STATEMENT,
    KeyStore,
    KeyStoreError,
    PublicKeys,
    StoreSecret,
    verify_rotation,
)
from schemas.epoch import announce
from schemas.errors import Code, EventRefused
from schemas.keyring import KeyRing
from schemas.sealing import SealingPublicKey
from schemas.signed import sign_statement

OWNER = "elm-road-school"
KEY = b"key file with 32 bytes, not more"


def key_file(folder: Path, content: bytes = KEY, mode: int = 0o600) -> Path:
    path = folder / "store.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def secret(tmp_path: Path) -> StoreSecret:
    return StoreSecret.from_key_file(key_file(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def store(folder: Path, secret: StoreSecret) -> KeyStore:
    return KeyStore.create(folder, secret=secret, owner=OWNER)


def reopened(folder: Path, secret: StoreSecret) -> KeyStore:
    return KeyStore.open(folder, secret=secret, owner=OWNER)


def refused(act: Callable[[], object], rule: str) -> None:
    with pytest.raises(KeyStoreError, match=rule) as error:
        act()
    assert error.value.__context__ is None or error.value.__suppress_context__


# --- what it keeps


def test_keys_and_secrets_are_the_same_after_reopening(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    stream, index = store.secret("stream"), store.secret("index")
    again = reopened(folder, secret)
    assert again.public() == store.public()
    assert again.owner == OWNER
    assert (again.secret("stream"), again.secret("index")) == (stream, index)
    assert len({stream, index, again.secret("other")}) == 3
    assert {len(stream), len(index)} == {32}


def test_the_public_keys_are_those_of_the_private_ones(store: KeyStore) -> None:
    public = store.public()
    assert (len(public.signing), len(public.sealing)) == (32, 1216)
    Ed25519PublicKey.from_public_bytes(public.signing).verify(store.signing.sign(b"x"), b"x")
    sealed = SealingPublicKey(public.sealing).seal(b"secret", info=b"")
    assert store.sealing.open(sealed, info=b"") == b"secret"


def test_two_stores_have_nothing_in_common(tmp_path: Path, secret: StoreSecret) -> None:
    one = KeyStore.create(tmp_path / "one", secret=secret, owner="one")
    two = KeyStore.create(tmp_path / "two", secret=secret, owner="two")
    assert one.public().signing != two.public().signing
    assert one.public().sealing != two.public().sealing
    assert one.secret("stream") != two.secret("stream")


def test_two_processes_agree_on_a_secret_that_neither_had(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    stores = [store, *(reopened(folder, secret) for _ in range(7))]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda one: one.secret("stream"), stores))
    assert len(set(made)) == 1
    assert reopened(folder, secret).secret("stream") == made[0]


@pytest.mark.parametrize("name", ["", "Stream", "a b", "../x", "x" * 65, "-x", "é"])
def test_a_secret_needs_a_plain_name(store: KeyStore, name: str) -> None:
    refused(lambda: store.secret(name), "name")


# --- what opens it


def test_a_passphrase_opens_what_it_closed_and_another_does_not(folder: Path) -> None:
    # one word typed with a composed and with a decomposed accent is one passphrase
    made = KeyStore.create(
        folder, secret=StoreSecret.from_passphrase("caf\u00e9 au lait"), owner=OWNER
    )
    same = StoreSecret.from_passphrase("cafe\u0301 au lait")
    assert reopened(folder, same).public() == made.public()
    wrong = StoreSecret.from_passphrase("cafe au lait")
    refused(lambda: reopened(folder, wrong), "another passphrase")


def test_a_short_passphrase_is_refused() -> None:
    refused(lambda: StoreSecret.from_passphrase("seven77"), "8 characters")


def test_another_key_file_does_not_open_it(store: KeyStore, folder: Path, tmp_path: Path) -> None:
    other = StoreSecret.from_key_file(key_file(tmp_path, b"another file of exactly 32 bytes"))
    refused(lambda: reopened(folder, other), "another passphrase or key file")


def test_a_passphrase_does_not_open_what_a_key_file_closed(store: KeyStore, folder: Path) -> None:
    wrong = StoreSecret.from_passphrase("long enough")
    refused(lambda: reopened(folder, wrong), "other kind")


@pytest.mark.parametrize("content", [b"", KEY[:-1], KEY + b"\n"])
def test_a_key_file_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    refused(lambda: StoreSecret.from_key_file(key_file(tmp_path, content)), "32 bytes")


def test_a_missing_key_file_or_store_is_missing(tmp_path: Path, secret: StoreSecret) -> None:
    with pytest.raises(FileNotFoundError):
        StoreSecret.from_key_file(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        reopened(tmp_path / "none", secret)


def test_anothers_store_is_refused(store: KeyStore, folder: Path, secret: StoreSecret) -> None:
    refused(lambda: KeyStore.open(folder, secret=secret, owner="oak-lane-school"), "another party")


def test_a_second_store_does_not_take_the_place_of_the_first(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    refused(lambda: KeyStore.create(folder, secret=secret, owner=OWNER), "already")
    assert reopened(folder, secret).public() == store.public()


# --- who may read it


def test_directory_and_files_are_their_owners_alone(store: KeyStore, folder: Path) -> None:
    store.secret("stream")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_wider_permissions_of_the_store_are_refused(
    store: KeyStore, folder: Path, secret: StoreSecret, mode: int
) -> None:
    (folder / "store").chmod(mode)
    refused(lambda: reopened(folder, secret), "open to others")
    refused(lambda: store.secret("new"), "open to others")


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o711, 0o777])
def test_wider_permissions_of_the_directory_are_refused(
    store: KeyStore, folder: Path, secret: StoreSecret, mode: int
) -> None:
    folder.chmod(mode)
    refused(lambda: reopened(folder, secret), "open to others")
    refused(store.rotate, "open to others")


def test_a_store_is_not_made_in_a_directory_that_is_open_to_others(
    folder: Path, secret: StoreSecret
) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    refused(lambda: KeyStore.create(folder, secret=secret, owner=OWNER), "open to others")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_file_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    refused(lambda: StoreSecret.from_key_file(key_file(tmp_path, mode=mode)), "open to others")


def test_links_and_pipes_in_a_files_place_are_refused(
    store: KeyStore, folder: Path, tmp_path: Path, secret: StoreSecret
) -> None:
    (folder / "store").rename(tmp_path / "elsewhere")
    (folder / "store").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        reopened(folder, secret)
    (folder / "store").unlink()
    os.mkfifo(folder / "store", 0o600)
    refused(lambda: reopened(folder, secret), "plain file")
    (tmp_path / "link").symlink_to(folder)
    refused(lambda: reopened(tmp_path / "link", secret), "not in a directory")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_store_of_another_user_is_refused(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    os.chown(folder / "store", 65534, 65534)
    refused(lambda: reopened(folder, secret), "another user")


# --- what becomes of an altered or half-written file


def test_every_altered_byte_is_noticed(store: KeyStore, folder: Path, secret: StoreSecret) -> None:
    path = folder / "store"
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        refused(lambda: reopened(folder, secret), "key store: ")


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x80", b"\xff" * 300])
def test_a_file_that_is_no_store_is_refused(
    store: KeyStore, folder: Path, secret: StoreSecret, content: bytes
) -> None:
    (folder / "store").write_bytes(content)
    refused(lambda: reopened(folder, secret), "no key store")


def test_a_store_that_was_replaced_under_us_is_not_written_over(
    store: KeyStore, folder: Path, tmp_path: Path, secret: StoreSecret
) -> None:
    other = KeyStore.create(tmp_path / "other", secret=secret, owner=OWNER)
    (tmp_path / "other" / "store").replace(folder / "store")
    refused(store.rotate, "replaced")
    assert reopened(folder, secret).public() == other.public()


def crash_in(step: str, folder: Path, tmp_path: Path) -> None:
    """Rotate in another process, which dies like a machine without power at this system call."""
    program = textwrap.dedent(
        f"""
        import os, pathlib, sys
        from broker.keys import KeyStore, StoreSecret

        store = KeyStore.open(
            pathlib.Path({str(folder)!r}),
            secret=StoreSecret.from_key_file(pathlib.Path({str(tmp_path / "store.key")!r})),
            owner={OWNER!r},
        )
        def die(*_args, **_kwargs):
            os._exit(42)
        os.{step} = die
        store.rotate()
        """
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == 42


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_before_the_rename_leaves_the_old_store_usable(
    store: KeyStore, folder: Path, tmp_path: Path, secret: StoreSecret, step: str
) -> None:
    stream = store.secret("stream")
    crash_in(step, folder, tmp_path)
    assert len(list(folder.iterdir())) == 3  # the store, the lock, and what the crash left
    again = reopened(folder, secret)
    assert again.public() == store.public()
    assert again.secret("stream") == stream
    again.rotate()
    assert reopened(folder, secret).public() == again.public() != store.public()


# --- rotation


def test_a_rotation_is_verified_with_the_old_key_and_names_the_new_ones(store: KeyStore) -> None:
    old = store.signing.public_key()
    before = store.public()
    statement = store.rotate()
    assert verify_rotation(statement, old, owner=OWNER) == store.public()
    assert store.public().signing != before.signing
    assert store.public().sealing != before.sealing
    for key, owner, code in (
        (store.signing.public_key(), OWNER, Code.SIGNATURE_REFUSED),
        (old, "oak-lane-school", Code.WRONG_ADDRESS),
    ):
        with pytest.raises(EventRefused) as error:
            verify_rotation(statement, key, owner=owner)
        assert error.value.code is code


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        cbor2.dumps({"signing": bytes(32)}),
        cbor2.dumps({"sealing": bytes(1216), "signing": bytes(31)}, canonical=True),
        cbor2.dumps({"sealing": bytes(1215), "signing": bytes(32)}, canonical=True),
    ],
)
def test_a_rotation_to_something_else_than_keys_is_refused(store: KeyStore, payload: bytes) -> None:
    statement = sign_statement(store.signing, issuer=OWNER, kind=STATEMENT, payload=payload)
    with pytest.raises(EventRefused) as error:
        verify_rotation(statement, store.signing.public_key(), owner=OWNER)
    assert error.value.code is Code.BAD_VALUE


def test_old_envelopes_still_open_after_two_rotations(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    issuer = store.signing
    issuer_key = issuer.public_key()
    sent = []
    for _ in range(3):
        key, announcement = announce(
            issuer,
            issuer="gateway",
            recipient=OWNER,
            recipient_key=SealingPublicKey(store.public().sealing),
        )
        sent.append((announcement, key.seal(b"view", stream="s", delivery_id=b"d")))
        store.rotate()
    ring = KeyRing(recipient=OWNER, keys=reopened(folder, secret).sealing_keys)
    for announcement, sealed in sent:
        ring.add(announcement, issuer="gateway", issuer_key=issuer_key)
        assert ring.open(sealed, stream="s").plaintext == b"view"


def test_generations_are_kept_newest_first_and_former_signing_keys_only_verify(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    public = [store.public()]
    for _ in range(2):
        store.rotate()
        public.insert(0, store.public())
    again = reopened(folder, secret)
    found = [
        PublicKeys(signing=one.verifying.public_bytes_raw(), sealing=one.sealing.public.raw)
        for one in again.generations
    ]
    assert found == public
    assert [key.public.raw for key in again.sealing_keys] == [one.sealing for one in public]


def test_a_statement_that_was_not_told_before_a_crash_is_still_there(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    old = store.signing.public_key()
    first, second = store.rotate(), store.rotate()
    again = reopened(folder, secret)
    assert again.statements == (first, second)
    middle = verify_rotation(again.statements[0], old, owner=OWNER)
    last = verify_rotation(
        again.statements[1], Ed25519PublicKey.from_public_bytes(middle.signing), owner=OWNER
    )
    assert last == again.public()


def test_secrets_outlive_a_rotation(store: KeyStore) -> None:
    stream = store.secret("stream")
    store.rotate()
    assert store.secret("stream") == stream


# --- what it shows


def test_no_representation_or_file_shows_key_bytes(
    store: KeyStore, folder: Path, secret: StoreSecret
) -> None:
    named = store.secret("stream")
    private = store.signing.private_bytes_raw()
    shown = " ".join(
        repr(one)
        for one in (store, store._content, store._vault, secret, store.generations, store.public())
    )
    for secret_bytes in (named, private, KEY, *store._content.sealing):
        assert secret_bytes.hex() not in shown
        assert repr(secret_bytes)[2:-1] not in shown
        for path in folder.iterdir():
            assert secret_bytes not in path.read_bytes()
