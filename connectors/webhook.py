"""A sink that POSTs each delivery as JSON to one address of the agency's system."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Any

import httpx2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.contract import (
    Accepted,
    Answer,
    ConfigRefused,
    Delivery,
    Fatal,
    Reject,
    RetryAfter,
    encode_delivery,
    read_settings,
)

MAX_ANSWER_BYTES = 64 * 1024  # read so that the connection can be used again; nothing is kept

_DRAIN_S = 1.0
_MAX_TOKEN_BYTES = 4096  # what common servers take as one header line, with room to spare
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750 section 2.1
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)

_DUPLICATE = 409
# Answers to the caller or the address, not to this delivery: every other one would meet them too,
# and rejecting would turn a wrong token or a mistyped address into a pile of dead letters.
_NEEDS_A_PERSON = frozenset({401, 403, 404, 405, 407})
_LATER = frozenset({408, 425, 429})


def _checked_url(text: str) -> str:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:  # carries the address
        raise ValueError("not an address") from None
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        raise ValueError("https only, except to this machine itself")
    if not url.host or url.userinfo or url.fragment:
        raise ValueError("an address with a host and without a user name, password or fragment")
    return text


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class SinkSettings(BaseModel):
    """Settings of the webhook sink.

    Args:
        url: `https://`, or `http://` to this machine itself.
        token_file: holds the bearer token; not readable by others on the machine.
        timeout_s: for one POST from connecting to the end of the answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_checked_url)]
    token_file: Path
    timeout_s: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 30.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_sink(settings: Mapping[str, Any]) -> WebhookSink:
    """A sink for these settings; reads the token once.

    Raises:
        ConfigRefused: a setting is missing, unknown or breaks its rule, or the token cannot be
            used.
    """
    checked = read_settings(SinkSettings, settings)
    return WebhookSink(checked, _read_token(checked.token_file), now=_utc_now)


class WebhookSink:
    """POSTs deliveries, one connection kept open, with the delivery id as `Idempotency-Key`.

    A receiver that keeps the keys it has seen meets each delivery once: a crash after the POST
    repeats it with the same key and the same bytes. A recall is posted like any other delivery,
    under its own key: `recalls` names the delivery, `action` what becomes of it. Redirects are not
    followed, proxies and credentials from the environment not used: a view goes to the configured
    address or nowhere.

    Args:
        now: aware UTC; read only to understand a `Retry-After` that is a date.
    """

    def __init__(self, settings: SinkSettings, token: str, *, now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now
        self._http = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            timeout=settings.timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    async def write(self, delivery: Delivery) -> Answer:
        """POST one delivery, as `Sink.write` promises.

        2xx and 409 (a duplicate): accepted. 401, 403, 404, 405, 407 and redirects: fatal. 408, 425,
        429, 5xx and failures on the way: again later. Any other status: rejected.
        """
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._post(delivery)
        except TimeoutError:
            return RetryAfter(code="timeout")
        except httpx2.RequestError:  # may carry the address or what the other side wrote
            return RetryAfter(code="transport")

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def _post(self, delivery: Delivery) -> Answer:
        request = self._http.stream(
            "POST",
            self._settings.url,
            content=encode_delivery(delivery),
            headers={"Idempotency-Key": delivery.delivery_id},
        )
        async with request as response:
            await _drain(response)
            return self._answer(response)

    def _answer(self, response: httpx2.Response) -> Answer:
        status = response.status_code
        code = f"http-{status}"
        if 200 <= status < 300 or status == _DUPLICATE:
            return Accepted()
        if status >= 500 or status in _LATER:
            asked = retry_after_s(response.headers.get("Retry-After"), self._now())
            return RetryAfter(seconds=asked, code=code)
        if status < 400 or status in _NEEDS_A_PERSON:
            return Fatal(code=code)
        return Reject(code=code)


async def _drain(response: httpx2.Response) -> None:
    """Read a short answer to its end, so that the connection can be used again.

    The status has said all that counts: an answer that is long, slow or torn only costs the
    connection, it does not undo a delivery that was taken.
    """
    read_bytes = 0
    try:
        async with asyncio.timeout(_DRAIN_S):
            async for chunk in response.aiter_raw():
                read_bytes += len(chunk)
                if read_bytes > MAX_ANSWER_BYTES:
                    return
    except (TimeoutError, httpx2.RequestError):
        return


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """The wait that a `Retry-After` header asks for (RFC 9110 section 10.2.3), 0 or more seconds.

    None if there is none, or none that can be understood.
    """
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _read_token(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            open_to_all = os.fstat(handle).st_mode & stat.S_IRWXO
            raw = stream.read(_MAX_TOKEN_BYTES + 1)
    except OSError as error:
        raise ConfigRefused(f"`token_file`: {os.strerror(error.errno or 0).lower()}") from None
    if open_to_all:  # a group may: containers hand secrets to a process through its group
        raise ConfigRefused("`token_file`: others on the machine may read or change it")
    token = raw.strip().decode("ascii", errors="replace")
    if len(raw) > _MAX_TOKEN_BYTES or not _TOKEN.fullmatch(token):
        raise ConfigRefused("`token_file`: not one bearer token (RFC 6750), at most 4096 bytes")
    return token
