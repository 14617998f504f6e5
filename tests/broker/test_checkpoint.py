"""Signed notes and checkpoints, against notes that other implementations made."""

from __future__ import annotations

import base64
import string

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    NoteRefused,
    VerifierKey,
    open_checkpoint,
    open_note,
    parse_vkey,
    read_vkey,
    sign_checkpoint,
    sign_note,
    unverified_checkpoint,
    verifier_of,
)

# The keys and the note in the documentation of Go's golang.org/x/mod/sumdb/note.
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_NOTE = (
    PETER_TEXT
    + "\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
    "SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "gateway.example.org/hops"
VERIFIER = verifier_of(NAME, KEY)
HEAD = Checkpoint(origin=NAME, size=20_852_163, root=bytes(range(32)))
NOTE = sign_checkpoint(HEAD, KEY)


def test_a_note_is_signed_as_go_signs_it() -> None:
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(PETER_SEED)[1:])
    assert verifier_of("PeterNeumann", key).vkey == PETER_VKEY
    assert sign_note(PETER_TEXT, "PeterNeumann", key) == PETER_NOTE


def test_a_note_that_go_signed_is_opened() -> None:
    key = parse_vkey(PETER_VKEY)
    assert (key.name, key.id.hex(), key.vkey) == ("PeterNeumann", "c74f20a3", PETER_VKEY)
    assert open_note(PETER_NOTE, key) == PETER_TEXT


def test_a_checkpoint_is_written_as_the_format_says() -> None:
    text, _, signature = NOTE.decode().partition("\n\n")
    assert text == f"{NAME}\n20852163\n{base64.b64encode(HEAD.root).decode()}"
    assert signature.startswith(f"\u2014 {NAME} ")
    assert open_checkpoint(NOTE, VERIFIER) == HEAD == unverified_checkpoint(NOTE)


def test_the_example_of_the_format_is_read() -> None:
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7"
        "u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    head = unverified_checkpoint(note.encode())
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20_852_163)


@settings(max_examples=200)
@given(st.data())
def test_a_checkpoint_with_a_flipped_bit_is_refused(data: st.DataObject) -> None:
    note = bytearray(NOTE)
    note[data.draw(st.integers(0, len(note) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NoteRefused):
        open_checkpoint(bytes(note), VERIFIER)


def test_base64_has_one_spelling() -> None:
    """The last letter before the padding has two bits that decode to nothing."""
    letters = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/").encode()
    last = NOTE.rindex(b"=") - 1
    other = letters[letters.index(NOTE[last]) + 1]
    note = NOTE[:last] + bytes([other]) + NOTE[last + 1 :]
    ours, theirs = (one.split()[-1] for one in (NOTE, note))
    assert base64.b64decode(ours) == base64.b64decode(theirs)
    with pytest.raises(NoteRefused):
        open_checkpoint(note, VERIFIER)


@settings(max_examples=200)
@given(st.data())
def test_a_vkey_with_a_flipped_bit_is_refused(data: st.DataObject) -> None:
    vkey = bytearray(VERIFIER.vkey.encode() + b"\n")
    vkey[data.draw(st.integers(0, len(vkey) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NoteRefused):
        read_vkey(bytes(vkey))


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(NoteRefused):
        open_note(data, VERIFIER)
    with pytest.raises(NoteRefused):
        unverified_checkpoint(data)
    with pytest.raises(NoteRefused):
        read_vkey(data)


def test_signatures_of_witnesses_are_left_alone() -> None:
    witness = Ed25519PrivateKey.generate()
    text, _, ours = NOTE.decode().partition("\n\n")
    theirs = sign_note(text + "\n", "witness.example.net", witness).decode().partition("\n\n")[2]
    for note in (f"{text}\n\n{ours}{theirs}", f"{text}\n\n{theirs}{ours}"):
        assert open_checkpoint(note.encode(), VERIFIER) == HEAD
        verifier = verifier_of("witness.example.net", witness)
        assert open_note(note.encode(), verifier) == text + "\n"


def test_another_key_of_the_same_name_is_not_ours() -> None:
    forged = sign_checkpoint(HEAD, Ed25519PrivateKey.generate())
    with pytest.raises(NoteRefused, match="no signature by the expected key"):
        open_checkpoint(forged, VERIFIER)


def test_a_second_signature_that_is_wrong_spoils_the_first() -> None:
    other = sign_checkpoint(Checkpoint(origin=NAME, size=1, root=HEAD.root), KEY)
    note = NOTE + other.partition(b"\n\n")[2]
    with pytest.raises(NoteRefused, match="the signature is wrong"):
        open_checkpoint(note, VERIFIER)


def test_our_key_under_another_origin_is_refused() -> None:
    root = base64.b64encode(HEAD.root).decode()
    note = sign_note(f"other.example.org/hops\n1\n{root}\n", NAME, KEY)
    with pytest.raises(NoteRefused, match="another ledger"):
        open_checkpoint(note, VERIFIER)


ROOT = base64.b64encode(HEAD.root).decode()
NO_CHECKPOINTS = {
    "a leading zero": f"{NAME}\n007\n{ROOT}\n",
    "a size below zero": f"{NAME}\n-1\n{ROOT}\n",
    "a size beyond counting": f"{NAME}\n9999999999999999999\n{ROOT}\n",
    "no size": f"{NAME}\n\n{ROOT}\n",
    "no origin": f"\n1\n{ROOT}\n",
    "a short root": f"{NAME}\n1\n{ROOT[4:]}\n",
    "a root in other letters": f"{NAME}\n1\n{ROOT.rstrip('=')}\n",
    "no root": f"{NAME}\n1\n",
    "an extension line": f"{NAME}\n1\n{ROOT}\nmore\n",
}


@pytest.mark.parametrize("name", NO_CHECKPOINTS)
def test_a_signed_note_that_is_no_checkpoint_is_refused(name: str) -> None:
    note = sign_note(NO_CHECKPOINTS[name], NAME, KEY)
    with pytest.raises(NoteRefused, match="checkpoint"):
        open_checkpoint(note, VERIFIER)


def test_a_note_of_any_size_is_not_read() -> None:
    with pytest.raises(NoteRefused, match="larger"):
        open_note(bytes(MAX_NOTE_BYTES + 1), VERIFIER)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "x" * 256])
def test_a_name_that_would_not_parse_is_no_key_name(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        verifier_of(name, KEY)
    with pytest.raises(NoteRefused):
        parse_vkey(VerifierKey(name=name, public=VERIFIER.public).vkey)


@pytest.mark.parametrize("text", ["no newline", "", "a\tb\n", "a\r\n"])
def test_a_text_that_is_no_note_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        sign_note(text, NAME, KEY)
