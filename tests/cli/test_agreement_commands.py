"""`caseward agreement sign|accede|verify|enact|withdraw`: answers, refusals, and files."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import (
    CHILDREN,
    EXAMPLES,
    POLICE,
    answer,
    call,
    refused,
    sign_all,
    sign_and_enact,
)

CPIS, MARAC_ID = EXAMPLES / "cpis", "northmoor-marac"
EASTMOOR, HOSPITAL = "eastmoor-hospital", "northmoor-hospital"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """The second version of the notices to hospitals, in a folder of its own."""
    path = tmp_path / "notices.yaml"
    path.write_text((CPIS / "agreement.yaml").read_text().replace("version: 1", "version: 2"))
    return path


def verified(text: Path, *words: object, code: int = 0, **more: Any) -> dict[str, str]:
    """What `verify` says of each agency."""
    said = answer("agreement-verify", "agreement", "verify", text, *words, code=code, **more)
    assert said["complete"] is (code == 0)
    return {one["agency"]: one["state"] for one in (*said["parties"], *said["members"])}


def test_an_agreement_is_signed_verified_enacted_acceded_to_and_withdrawn(
    node: Path, text: Path
) -> None:
    assert verified(text, code=1, state=node) == {CHILDREN: "missing"}
    refused(call("agreement", "enact", text, state=node), line=f"`{CHILDREN}` has not signed")
    made = answer("agreement-sign", "agreement", "sign", text, "--as", CHILDREN, state=node)
    assert made["file"] == f"{text}.{CHILDREN}.sig"
    assert verified(text, state=node) == {CHILDREN: "signed"}
    enacted = answer("agreement-enact", "agreement", "enact", text, state=node)
    assert enacted["hash"] == made["hash"]
    answer("agreement-accede", "agreement", "accede", text, "--as", EASTMOOR, state=node)
    assert verified(text, state=node) == {CHILDREN: "signed", EASTMOOR: "acceded"}
    for name, what in ((EASTMOOR, "accession"), (CHILDREN, "signature")):
        words = ("northmoor-cpis", 2, "--as", name)
        said = answer("agreement-withdraw", "agreement", "withdraw", *words, state=node)
        assert said["withdrawn"] == what
    refused(call("agreement", "enact", text, state=node), line="count the version up")
    refused(call("agreement", "withdraw", "northmoor-cpis", 2, state=node), line="end it first")
    for version in (1, 2):
        ended = ("agreement", "withdraw", "northmoor-cpis", version)
        assert answer("agreement-withdraw", *ended, state=node)["withdrawn"] == "agreement"


def test_signatures_are_verified_without_a_node_by_the_keys_in_a_file(
    node: Path, text: Path, tmp_path: Path
) -> None:
    assert call("agreement", "sign", text, "--as", CHILDREN, state=node).exit_code == 0
    keys = tmp_path / "keys.json"
    keys.write_text(call("agency", "list", "--json", state=node).stdout)
    nowhere = tmp_path / "nowhere"
    assert verified(text, "--keys", keys, state=nowhere) == {CHILDREN: "signed"}
    keys.write_text('{"agencies": []}')
    assert verified(text, "--keys", keys, code=1) == {CHILDREN: "not-enrolled"}
    for wrong in ("[]", "no json", '{"agencies": [{"name": "x", "signing": "?"}]}'):
        keys.write_text(wrong)
        refused(call("agreement", "verify", text, "--keys", keys), line=f"^{keys}: not")
    assert not nowhere.exists()


def test_a_signature_of_another_version_is_bad_and_refused(node: Path, text: Path) -> None:
    first = text.with_name("first.yaml")
    shutil.copy(CPIS / "agreement.yaml", first)
    out = text.with_name("old.sig")
    words = ("agreement", "sign", first, "--as", CHILDREN, "--out", out)
    assert call(*words, state=node).exit_code == 0
    given = ("--signature", out)
    assert verified(text, *given, code=1, state=node) == {CHILDREN: "bad"}
    refused(call("agreement", "enact", text, *given, state=node), line="does not hold")
    assert call("agreement", "sign", text, "--as", CHILDREN, state=node).exit_code == 0
    refused(call("agreement", "enact", text, *given, state=node), line="two signatures")
    assert verified(text, *given, code=1, state=node) == {CHILDREN: "bad"}


def test_a_party_signs_and_a_member_accedes_and_not_the_other_way_round(
    node: Path, text: Path
) -> None:
    refused(call("agreement", "sign", text, "--as", EASTMOOR, state=node), line="accedes")
    refused(call("agreement", "accede", text, "--as", CHILDREN, state=node), line="it signs")
    refused(call("agreement", "accede", text, "--as", EASTMOOR, state=node), line="no such version")
    assert list(text.parent.glob("*.sig")) == []


@pytest.mark.parametrize("command", ["sign", "accede"])
def test_nobody_signs_for_an_agency_whose_keys_are_not_here(
    command: str, node: Path, text: Path
) -> None:
    line = "does not act for `somebody`"
    refused(call("agreement", command, text, "--as", "somebody", state=node), line=line)
    stdin = text.read_bytes()
    asked = ("agreement", command, "-", "--as", CHILDREN)
    refused(call(*asked, state=node, stdin=stdin), line="--out")


def test_a_file_that_is_no_signature_is_named(node: Path, text: Path) -> None:
    for content in (b"", b"\xff\xfe", b"canary-4711\n"):
        text.with_name("notices.yaml.x.sig").write_bytes(content)
        for command in ("verify", "enact"):
            said = refused(call("agreement", command, text, state=node), line=r"x\.sig: not a sig")
            assert "canary" not in said


def test_accessions_of_a_register_file_wait_for_their_agreement(tmp_path: Path) -> None:
    state = tmp_path / "state"
    register = tmp_path / "register.yaml"
    register.write_text(
        "agencies:\n"
        f"  {CHILDREN}: {{title: Children's services, roles: [social-care]}}\n"
        f"  {HOSPITAL}: {{title: A hospital, roles: [hospital], keys_until: 2030-01-31}}\n"
        "accessions:\n"
        f"  - {{agency: {HOSPITAL}, agreement: northmoor-cpis, version: 1}}\n"
    )
    assert call("init", state=state).exit_code == 0
    load = ("register-load", "register", "load", register)
    assert answer(*load, state=state) == {"entries": 2, "waiting": 1}
    assert sign_and_enact(CPIS / "agreement.yaml", state).exit_code == 0
    assert answer(*load, state=state) == {"entries": 1, "waiting": 0}
    listed = answer("agency-list", "agency", "list", state=state)["agencies"]
    assert {one["name"]: one["keys_until"] for one in listed}[HOSPITAL] == "2030-01-31"


def test_an_agreement_on_standard_input_is_enacted_with_its_signatures(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert call("init", state=state).exit_code == 0
    assert call("agency", "enrol", CHILDREN, state=state).exit_code == 0
    path = CPIS / "agreement.yaml"
    signed = sign_all(path, state)
    words = ("agreement", "enact", "-", *signed)
    answer("agreement-enact", *words, state=state, stdin=path.read_bytes())


def test_keys_end_where_it_is_said(node: Path) -> None:

    answer("agency-enrol", "agency", "enrol", "new-school", "--valid-days", 10, state=node)
    answer("keys-rotate", "keys", "rotate", "--as", POLICE, "--valid-days", 20, state=node)
    listed = answer("agency-list", "agency", "list", state=node)["agencies"]
    ends = {one["name"]: one["keys_until"] for one in listed}
    today = datetime.now(UTC).date()
    assert ends["new-school"] in {str(today + timedelta(days=n)) for n in (9, 10)}
    assert ends[POLICE] in {str(today + timedelta(days=n)) for n in (19, 20)}
    assert ends[CHILDREN] in {str(today + timedelta(days=n)) for n in (729, 730)}


def test_a_good_agreement_is_shown_with_what_it_comes_to(node: Path) -> None:
    path = EXAMPLES / "operation-encompass" / "agreement.yaml"
    alone = answer("agreement-check", "agreement", "check", path)
    assert alone["joint_views"] is None
    cells = {(one["tag"], one["audience"]): one for one in alone["matrix"]["cells"]}
    (way,) = cells["child.name", "school"]["ways"]
    assert (way["clause"], way["form"]) == ("4.3", "clear")
    assert "child.school" in way["items"]
    joint = answer("agreement-check", "agreement", "check", path, "--joint", state=node)
    assert joint["matrix"] == alone["matrix"]
    views = {name: one for one in joint["joint_views"] for name in one["agencies"]}
    sources = {source["agreement"] for row in views[CHILDREN]["tags"] for source in row["sources"]}
    assert {"northmoor-encompass", MARAC_ID} <= sources
    lines = call("agreement", "check", path, "--joint", state=node).stdout
    for said in ("no problem found", "can infer", "over all agreements", "child.name"):
        assert said in lines


def test_a_joint_view_needs_a_node_and_a_good_agreement(tmp_path: Path) -> None:
    path = CPIS / "agreement.yaml"
    refused(call("agreement", "check", path, "--joint", state=tmp_path), line="no node here")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("agreement: x\n")
    said = answer("agreement-check", "agreement", "check", wrong, "--joint", code=1, state=tmp_path)
    assert (said["matrix"], said["joint_views"]) == (None, None)
