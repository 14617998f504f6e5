"""Proofs that a recipient checks offline, and copies for auditors."""

from __future__ import annotations

import asyncio
import base64
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.checkpoint import verifier_of
from broker.ledger_files import LedgerError
from broker.ledger_proof import MAX_PROOF_BYTES, export, prove, verify_proof
from broker.ledger_verify import verify_directory
from broker.merkle import ProofRefused
from schemas.hop import leaf_hash
from tests.broker.ledgers import KEY, ORIGIN, VKEY, build, hop, sequencer, topic, write

SIZE = 600


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(build(tmp_path_factory.mktemp("proof"), SIZE))


@pytest.mark.parametrize("index", [0, 1, 255, 256, 511, 512, 598, 599])
def test_a_leaf_is_proved_and_the_proof_verifies(ledger: Path, index: int) -> None:
    proof = prove(ledger, index)
    assert (proof.index, proof.leaf) == (index, hop(index).leaf)
    assert verify_proof(proof.text.encode(), vkey=VKEY) == proof
    assert verify_proof(proof.text.encode(), vkey=VKEY, leaf=hop(index).leaf) == proof


def test_a_proof_is_spelt_as_the_format_says(ledger: Path) -> None:
    """C2SP tlog-proof: header, extra, index, hashes from the leaf up, an empty line, checkpoint."""
    proof = prove(ledger, 300)
    head, _, checkpoint = proof.text.partition("\n\n")
    header, extra, index, *hashes = head.split("\n")
    assert header == "c2sp.org/tlog-proof@v1"
    assert extra == "extra " + base64.b64encode(hop(300).leaf).decode()
    assert index == "index 300"
    assert base64.b64decode(hashes[0]) == leaf_hash(hop(301).leaf)
    assert checkpoint == (ledger / "checkpoint").read_text()


def test_a_proof_as_json_says_the_same(ledger: Path) -> None:
    proof = prove(ledger, 300)
    said = proof.plain()
    assert (said["origin"], said["size"], said["index"]) == (ORIGIN, SIZE, 300)
    assert said["root"] == verify_directory(ledger).root
    assert said["leaf_hash"] == hop(300).leaf_hash.hex()
    assert [bytes.fromhex(one) for one in said["path"]] == list(proof.path)
    assert said["tlog_proof"] == proof.text


async def test_the_only_leaf_needs_no_path(tmp_path: Path) -> None:
    proof = prove(await build(tmp_path, 1), 0)
    assert proof.path == ()
    assert verify_proof(proof.text.encode(), vkey=VKEY) == proof


@pytest.mark.parametrize("index", [-1, SIZE, 2**70])
def test_a_leaf_that_is_not_published_is_not_proved(ledger: Path, index: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        prove(ledger, index)


@settings(max_examples=150)
@given(data=st.data())
def test_a_proof_with_a_flipped_bit_is_refused(ledger: Path, data: st.DataObject) -> None:
    proof = bytearray(prove(ledger, 300).text.encode())
    proof[data.draw(st.integers(0, len(proof) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ProofRefused):
        verify_proof(bytes(proof), vkey=VKEY)


@settings(max_examples=100)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(ProofRefused):
        verify_proof(data, vkey=VKEY)


def test_a_proof_for_another_leaf_or_ledger_is_refused(ledger: Path) -> None:
    proof = prove(ledger, 300).text.encode()
    with pytest.raises(ProofRefused, match="another leaf"):
        verify_proof(proof, vkey=VKEY, leaf=hop(301).leaf)
    for name, key in ((ORIGIN, Ed25519PrivateKey.generate()), ("other.example.org", KEY)):
        with pytest.raises(ProofRefused, match="no signature by the expected key"):
            verify_proof(proof, vkey=verifier_of(name, key).vkey)
    with pytest.raises(ProofRefused, match="vkey"):
        verify_proof(proof, vkey="no key")
    with pytest.raises(ProofRefused, match="index"):
        verify_proof(proof.replace(b"\nindex 300\n", b"\nindex 600\n"), vkey=VKEY)


def test_the_parts_of_two_proofs_do_not_mix(ledger: Path) -> None:
    one, other = prove(ledger, 300), prove(ledger, 301)
    leaf = base64.b64encode(other.leaf)
    mixed = one.text.encode().replace(base64.b64encode(one.leaf), leaf)
    with pytest.raises(ProofRefused, match="does not lead"):
        verify_proof(mixed, vkey=VKEY)


def test_a_proof_without_its_leaf_or_of_any_size_is_refused(ledger: Path) -> None:
    header, _, rest = prove(ledger, 300).text.split("\n", 2)
    with pytest.raises(ProofRefused, match="without its leaf"):
        verify_proof(f"{header}\n{rest}".encode(), vkey=VKEY)
    with pytest.raises(ProofRefused, match="not a tlog-proof"):
        verify_proof(f"{header}\n{rest}".encode() + bytes(MAX_PROOF_BYTES), vkey=VKEY)


@pytest.mark.parametrize("name", ["tile/0/001", "tile/1/000.p/2", "tile/entries/001", "checkpoint"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_ledger_proves_nothing(
    ledger: Path, tmp_path: Path, name: str, damage: str
) -> None:
    shutil.copytree(ledger, tmp_path / "copy")
    path = tmp_path / "copy" / name
    data = bytearray(path.read_bytes())
    data[(44 * 71 + 20) % len(data)] ^= 1
    path.write_bytes(data if damage == "flip" else data[:-9])
    if damage == "remove":
        path.unlink()
    with pytest.raises(LedgerError):
        prove(tmp_path / "copy", 300)


# -- copies for auditors


def test_a_copy_holds_the_published_tree_and_the_openings_given(
    ledger: Path, tmp_path: Path
) -> None:
    openings = [hop(n) for n in (0, 299, 300, 599)]
    unpublished = [hop(n) for n in (600, 601)]
    assert export(ledger, tmp_path / "copy", [*openings, *unpublished]) == 4
    report = verify_directory(tmp_path / "copy", VKEY)
    assert report.ok, report.problems
    assert "4 openings fit their leaves" in report.checked
    assert not (tmp_path / "copy/sequencer").exists()


async def test_a_copy_of_a_ledger_in_use_is_that_of_its_checkpoint(tmp_path: Path) -> None:
    """The sequencer has gone on, and a full tile took the place of a partial one."""
    directory = await build(tmp_path, 200)
    note = (directory / "checkpoint").read_bytes()
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        await write(log, [hop(n).leaf for n in range(200, 700)])
        await one.step()
    (directory / "checkpoint").write_bytes(note)
    export(directory, tmp_path / "copy", [hop(199)])
    report = verify_directory(tmp_path / "copy", VKEY)
    assert report.ok, report.problems
    assert report.size == 200
    assert prove(directory, 199) == prove(tmp_path / "copy", 199)


def test_a_copy_overwrites_nothing(ledger: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="EEXIST"):
        export(ledger, tmp_path)


def test_before_the_first_checkpoint_there_is_nothing_to_prove(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="nothing is published yet"):
        prove(tmp_path, 0)
    with pytest.raises(LedgerError, match="nothing is published yet"):
        export(tmp_path, tmp_path / "copy")
