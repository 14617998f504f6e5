"""Who is asking, what they may see, and errors that name a place and never a value."""

# Annotations are evaluated here, not postponed: FastAPI reads them, and `Me` is local.

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from broker.log import LogError, LogFull, RecordTooLarge
from broker.node import Node
from broker.tokens import Principal, Role
from schemas.errors import CasewardError

MAX_BODY_BYTES = 8 * 1024 * 1024  # a batch of sealed events; one record may have 1 MiB

Who = Callable[..., Awaitable[Principal]]


def authenticator(node: Node) -> Who:
    """What turns a request's bearer token into its principal, or refuses with 401 or 403."""

    async def who(authorization: Annotated[str, Header()] = "") -> Principal:
        scheme, _, token = authorization.partition(" ")
        principal = node.tokens.who(token) if scheme.lower() == "bearer" else None
        if principal is None:
            raise HTTPException(401, "a token is needed")
        if principal.role is Role.AGENCY:
            agency = node.keeper.snapshot().agencies.get(principal.name)
            if agency is None or agency.suspended:
                raise HTTPException(403, "this agency is suspended")
        return principal

    return who


def must(allowed: bool) -> None:
    """Go on only if allowed.

    Raises:
        HTTPException: 404, whatever the reason.
    """
    # One answer for "not yours" and "not there": which of the two it is would itself disclose.
    if not allowed:
        raise HTTPException(404, "there is no such thing for you")


# What of a hop each role is shown beside the common columns.
_COMMON = (
    "leaf",
    "time_ms",
    "step",
    "publisher",
    "event_id",
    "event_type",
    "recipient",
    "purpose",
    "agreement",
    "agreement_version",
    "delivery_id",
)
_REASONS = ("source", "gate", "code", "released", "withheld", "clauses")


def shown(me: Principal, row: dict[str, Any]) -> dict[str, Any] | None:
    """A row as this principal may see it, None if it may not know that there is one (T8, T14)."""
    state = {"state": row["state"]} if "state" in row else {}
    if me.role is not Role.AGENCY or row["publisher"] == me.name:
        return {name: row[name] for name in (*_COMMON, *_REASONS)} | state
    if row["recipient"] == me.name and row["delivery_id"] is not None:
        return {name: row[name] for name in _COMMON if name != "event_id"} | state
    return None


def add_errors(app: FastAPI) -> None:
    """Errors name a place and a rule; FastAPI's own would print the input."""

    @app.middleware("http")
    async def limit(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return JSONResponse({"detail": "the request is too large"}, 413)
        if request.method == "POST" and "content-length" not in request.headers:
            return JSONResponse({"detail": "a request needs its length"}, 411)
        return await call(request)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        places = sorted({"/".join(map(str, one["loc"])) for one in error.errors()})
        return JSONResponse({"detail": f"not as described at {', '.join(places)}"}, 422)

    @app.exception_handler(CasewardError)
    async def refused(_request: Request, error: Exception) -> Response:
        code = error.code if isinstance(error, CasewardError) else "internal"
        return JSONResponse({"detail": str(error), "code": code}, 422)

    @app.exception_handler(LogError)
    async def log_error(_request: Request, error: Exception) -> Response:
        if isinstance(error, LogFull):
            detail = "the disk is full; try again when there is room"
            return JSONResponse({"detail": detail}, 507, headers={"Retry-After": "1"})
        if isinstance(error, RecordTooLarge):
            return JSONResponse({"detail": "a record is too large", "code": "too-large"}, 413)
        return JSONResponse({"detail": "the log does not take this now"}, 503)
