"""Puts a fault into the running engine: by a function's name, wherever it was imported to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from types import FunctionType
from typing import Any

from schemas.errors import CasewardError

HOUSE = Path(__file__).parents[2]
OURS = ("redaction", "broker", "schemas", "connectors", "tests")


def around(target: str, change: Callable[[Any], Any]) -> None:
    """Replace `module:name` or `module:Class.name` by what `change` makes of it, everywhere.

    Raises:
        LookupError: there is nothing of this name any more; the leak has to be written anew.
    """
    module_name, _, path = target.partition(":")
    holder: Any = import_module(module_name)
    *owners, name = path.split(".")
    for owner in owners:
        holder = _get(holder, owner, target)
    old = _get(holder, name, target)
    new = _watched(change(old))
    setattr(holder, name, new)
    if owners:
        return
    for key, module in list(sys.modules.items()):
        if key.split(".")[0] in OURS and module is not None:
            for other, value in list(vars(module).items()):
                if value is old:
                    setattr(module, other, new)


BROKEN: list[str] = []  # what leaks of this process did wrong themselves: then nothing is shown
_HERE = str(Path(__file__).parent)


def _watched(new: Any) -> Any:
    """The same, but what a leak's own code raises is known to be no answer of the engine's."""
    if not isinstance(new, FunctionType):
        return new

    @wraps(new)
    def watched(*args: Any, **named: Any) -> Any:
        try:
            return new(*args, **named)
        except CasewardError:  # a refusal can be what leaks
            raise
        except Exception as error:
            files = [each.filename for each in extract_tb(error.__traceback__)]
            last = max(at for at, file in enumerate(files) if file.startswith(_HERE))
            if not any(_of_ours(file) for file in files[last + 1 :]):
                BROKEN.append(f"{type(error).__name__}: {error}")
            raise

    return watched


def _of_ours(file: str) -> bool:
    inside = Path(file).is_relative_to(HOUSE) and Path(file).relative_to(HOUSE).parts[0]
    return inside in OURS


def _get(holder: Any, name: str, target: str) -> Any:
    try:
        return getattr(holder, name)
    except AttributeError:
        raise LookupError(f"nothing is named `{target}` any more: write the leak anew") from None


def form(name: str, make: Callable[[Any, Any], str]) -> None:
    """Make the values of a form otherwise."""
    from redaction.agreement import Form

    around("redaction.transforms:_MAKE", lambda old: {**old, Form(name): make})


def unchecked() -> None:
    """Take the last check away, so that tests and not the checker must see the fault."""
    around("redaction.checker:check", lambda _: lambda *_args, **_named: None)


def view(change: Callable[[Any, Any], Any]) -> None:
    """Make every view otherwise: `change` gets the event's value and the view's, record by record.

    The last check is taken away as well.
    """
    from schemas.codec import decode_view, encode_view

    def encoding(encode: Any) -> Any:
        def encoded(event: Any, *args: Any, **named: Any) -> Any:
            view_type, data = encode(event, *args, **named)
            view = _changed(change, event.value, decode_view(view_type, data))
            return view_type, encode_view(view_type, view)

        return encoded

    def viewing(make: Any) -> Any:
        def viewed(event: Any, *args: Any, **named: Any) -> Any:
            return _changed(change, event.value, make(event, *args, **named))

        return viewed

    unchecked()
    around("redaction.plan:encode", encoding)
    around("redaction.plan:view", viewing)


def _changed(change: Callable[[Any, Any], Any], value: Any, view: Any) -> Any:
    if isinstance(view, dict):
        inner = value if isinstance(value, dict) else {}
        view = {key: _changed(change, inner.get(key), each) for key, each in view.items()}
    return change(value, view)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One fault: its class in the list of leaks, and what it does, in one line.

    `caught_by` picks other tests (pytest's arguments) than those of its class; `fast` says that
    every test run tries it.
    """

    id: str
    of: str
    does: str
    put: Callable[[], None]
    caught_by: tuple[str, ...]
    fast: bool


LEAKS: dict[str, Leak] = {}


def leak(
    of: str, does: str, *caught_by: str, fast: bool = False
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Name a function that puts a leak of this class into the engine."""

    def named(put: Callable[[], None]) -> Callable[[], None]:
        id = put.__name__.replace("_", "-")
        if id in LEAKS:
            raise ValueError(f"two leaks are named `{id}`")
        LEAKS[id] = Leak(id=id, of=of, does=does, put=put, caught_by=caught_by, fast=fast)
        return put

    return named
