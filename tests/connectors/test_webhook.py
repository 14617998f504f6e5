"""The webhook sink against a real HTTP server on this machine."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import (
    Accepted,
    Answer,
    ConfigRefused,
    Fatal,
    Reject,
    RetryAfter,
    Sink,
    encode_delivery,
)
from connectors.webhook import open_sink, retry_after_s
from tests.connectors.fakes import make_delivery
from tests.connectors.receiver import TOKEN, Receiver, Reply, receiving
from tests.contracts.sink_contract import SinkContract

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)

Opener = Callable[..., Sink]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


async def answer(receiver: Receiver, token_file: Path, *replies: Reply, **more: Any) -> Answer:
    """What the sink says of one delivery when the receiver replies so."""
    receiver.replies.extend(replies)
    sink = open_sink({"url": receiver.url, "token_file": token_file} | more)
    try:
        return await sink.write(make_delivery(1))
    finally:
        await sink.close()


class TestTheContract(SinkContract):
    @pytest.fixture(autouse=True)
    def _receiver(self, receiver: Receiver, token_file: Path) -> None:
        self.receiver, self.token_file = receiver, token_file

    def open_sink(self, place: Path) -> Sink:
        return open_sink({"url": self.receiver.url, "token_file": self.token_file})

    def received(self, place: Path) -> list[Any]:
        return [json.loads(body) for body in self.receiver.taken.values()]

    def tries(self, place: Path) -> list[str]:
        return [request.headers["idempotency-key"] for request in self.receiver.requests]


async def test_the_request_is_the_delivery_with_its_id_as_key(
    receiver: Receiver, token_file: Path
) -> None:
    assert await answer(receiver, token_file) == Accepted()
    [request] = receiver.requests
    assert request.path == "/cases"
    assert request.body == encode_delivery(make_delivery(1))
    assert request.headers["idempotency-key"] == make_delivery(1).delivery_id
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Accepted()),
        (201, Accepted()),
        (204, Accepted()),
        (409, Accepted()),
        (301, Fatal(code="http-301")),
        (304, Fatal(code="http-304")),
        (400, Reject(code="http-400")),
        (401, Fatal(code="http-401")),
        (403, Fatal(code="http-403")),
        (404, Fatal(code="http-404")),
        (408, RetryAfter(code="http-408")),
        (413, Reject(code="http-413")),
        (422, Reject(code="http-422")),
        (429, RetryAfter(code="http-429")),
        (500, RetryAfter(code="http-500")),
        (503, RetryAfter(code="http-503")),
    ],
)
async def test_each_status_has_one_meaning(
    receiver: Receiver, token_file: Path, status: int, expected: Answer
) -> None:
    body = b"" if status in (204, 304) else b"{}"
    assert await answer(receiver, token_file, Reply(status=status, body=body)) == expected


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_is_kept(
    receiver: Receiver, token_file: Path, status: int
) -> None:
    reply = Reply(status=status, headers={"Retry-After": "17"})
    said = await answer(receiver, token_file, reply)
    assert said == RetryAfter(seconds=17.0, code=f"http-{status}")


async def test_retry_after_as_a_date_is_kept(receiver: Receiver, token_file: Path) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    said = await answer(receiver, token_file, Reply(status=503, headers={"Retry-After": date}))
    assert isinstance(said, RetryAfter)
    assert said.seconds is not None
    assert 80 < said.seconds <= 90


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Mon, 02 Mar 2026 08:31:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 08:29:00 GMT", 0.0),
        ("Monday, 02-Mar-26 08:31:00 GMT", 60.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 400, None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_means_what_the_rfc_says(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@given(st.text(max_size=60))
def test_law_any_retry_after_is_a_wait_or_nothing(header: str) -> None:
    seconds = retry_after_s(header, NOW)
    assert seconds is None or seconds >= 0


async def test_a_redirect_is_not_followed(receiver: Receiver, token_file: Path) -> None:
    with receiving() as elsewhere:
        reply = Reply(status=307, headers={"Location": elsewhere.url})
        assert await answer(receiver, token_file, reply) == Fatal(code="http-307")
        assert elsewhere.requests == []


async def test_a_proxy_in_the_environment_sees_nothing(
    receiver: Receiver, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert await answer(receiver, token_file) == Accepted()
        assert proxy.requests == []


async def test_a_receiver_that_hangs_up_is_tried_again_later(
    receiver: Receiver, token_file: Path
) -> None:
    said = await answer(receiver, token_file, Reply(hang_up=True))
    assert said == RetryAfter(code="transport")


async def test_a_receiver_that_is_not_there_is_tried_again_later(token_file: Path) -> None:
    with receiving() as gone:
        pass
    assert await answer(gone, token_file) == RetryAfter(code="transport")


async def test_a_receiver_that_does_not_answer_in_time_is_tried_again_later(
    receiver: Receiver, token_file: Path
) -> None:
    began = time.monotonic()
    said = await answer(receiver, token_file, Reply(wait_s=1.0), timeout_s=0.2)
    assert said in (RetryAfter(code="timeout"), RetryAfter(code="transport"))
    assert time.monotonic() - began < 0.9


async def test_an_endless_answer_costs_the_connection_and_not_the_delivery(
    receiver: Receiver, token_file: Path
) -> None:
    assert await answer(receiver, token_file, Reply(endless=True)) == Accepted()
    assert receiver.sent_bytes < 32 * 1024 * 1024  # what buffers on the way may hold


@pytest.mark.parametrize("reply", [Reply(torn=True), Reply(stalls=True)])
async def test_an_answer_that_breaks_off_does_not_undo_a_delivery_that_was_taken(
    receiver: Receiver, token_file: Path, reply: Reply
) -> None:
    assert await answer(receiver, token_file, reply) == Accepted()


async def test_short_answers_leave_the_connection_open(
    receiver: Receiver, token_file: Path
) -> None:
    sink = open_sink({"url": receiver.url, "token_file": token_file})
    for number in range(3):
        assert await sink.write(make_delivery(number)) == Accepted()
    await sink.close()
    assert len({request.client for request in receiver.requests}) == 1


async def test_a_write_that_is_cancelled_stays_cancelled(
    receiver: Receiver, token_file: Path
) -> None:
    receiver.replies.append(Reply(wait_s=0.5))
    sink = open_sink({"url": receiver.url, "token_file": token_file})
    writing = asyncio.create_task(sink.write(make_delivery(1)))
    await asyncio.sleep(0.1)
    assert len(receiver.requests) == 1
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await sink.close()


async def test_a_certificate_that_nobody_vouches_for_gets_no_delivery(
    tmp_path: Path, token_file: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path / "server.pem"))
    with receiving(context) as impostor:
        assert impostor.url.startswith("https://")
        assert await answer(impostor, token_file) == RetryAfter(code="transport")
        assert impostor.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://school.example.org/cases",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org/",
        "http://192.0.2.7/",
        "http://[2001:db8::1]/",
        "http://0.0.0.0/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1:8080",
        "https://",
        "https://user:secret@school.example.org/",
        "https://school.example.org/#part",
        "https://school.example.org:notaport/",
        "",
    ],
)
def test_an_address_in_the_clear_or_in_doubt_is_refused(url: str, token_file: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        open_sink({"url": url, "token_file": token_file})
    assert "`url`" in str(refused.value)
    assert "school" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://127.8.8.8/",
        "http://[::1]:9/",
        "http://localhost/",
        "https://school.example.org/cases?x=1",
    ],
)
async def test_https_and_this_machine_are_allowed(url: str, token_file: Path) -> None:
    await open_sink({"url": url, "token_file": token_file}).close()


@pytest.mark.parametrize(
    "content", [b"", b"two words", b"a\r\nX-Evil: 1", b"\xff\xfe", b"a" * 5000, "Zoë".encode()]
)
def test_a_token_that_is_none_is_refused_and_not_repeated(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigRefused, match="`token_file`: not one bearer token") as refused:
        open_sink({"url": "https://school.example.org/", "token_file": path})
    assert "Evil" not in str(refused.value)


def test_a_token_that_others_can_read_is_refused(token_file: Path) -> None:
    token_file.chmod(0o644)
    with pytest.raises(ConfigRefused, match="others on the machine"):
        open_sink({"url": "https://school.example.org/", "token_file": token_file})


def test_a_token_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match="`token_file`: no such file"):
        open_sink({"url": "https://school.example.org/", "token_file": tmp_path / "none"})


def _self_signed(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "impostor.example.org")])
    today = dt.datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(pem)
    )
    os.chmod(path, 0o600)
    return path
