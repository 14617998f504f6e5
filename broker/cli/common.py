"""What every command shares: where the state is, how answers are printed, how errors end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from broker.checkpoint import NoteRefused
from broker.keys import KeyStoreError, StoreSecret
from broker.ledger_files import LedgerError
from broker.log import LogError
from broker.node import NodeStuck
from broker.node_client import NodeRefused
from broker.places import Places
from connectors.contract import TryLater
from schemas.errors import CasewardError

P = ParamSpec("P")
T = TypeVar("T")

DONE, NO, UNUSABLE, MACHINE = 0, 1, 2, 3


class Unusable(click.ClickException):
    """The input or the command line cannot be used: one line on standard error, exit 2."""

    exit_code = UNUSABLE

    def show(self, file: Any = None) -> None:
        """Print the line and nothing else."""
        click.echo(self.format_message(), err=True)


class MachineFailed(Unusable):
    """The machine could not: disk, port, log, a node that does not answer. Exit 3."""

    exit_code = MACHINE


@dataclass(frozen=True, slots=True)
class Setting:
    """What the group's options say."""

    places: Places
    secret: StoreSecret


def secret_from_environment(places: Places) -> StoreSecret:
    """The passphrase in CASEWARD_PASSPHRASE, else the key file CASEWARD_KEY_FILE names, else ours.

    Raises:
        Unusable: neither is given and this directory has no key file of its own.
    """
    passphrase = os.environ.get("CASEWARD_PASSPHRASE")
    if passphrase:
        return StoreSecret.from_passphrase(passphrase)
    named = os.environ.get("CASEWARD_KEY_FILE")
    path = Path(named) if named else places.root / "store.key"
    try:
        return StoreSecret.from_key_file(path)
    except OSError:
        raise Unusable(
            f"{path}: no key file to read; give CASEWARD_PASSPHRASE or CASEWARD_KEY_FILE"
        ) from None


def setting() -> Setting:
    """The state directory of this call and what unlocks it.

    Raises:
        Unusable: there is no node there.
    """
    root = Path(click.get_current_context().find_root().params["state"])
    places = Places(root)
    if not places.settings.exists():
        raise Unusable(f"{root}: no node here; `caseward init` makes one")
    return Setting(places, secret_from_environment(places))


def acting(given: Setting, name: str) -> None:
    """Require that this machine holds the folder of the party that a command speaks for.

    Raises:
        Unusable: it does not; nothing has been opened yet.
    """
    if not (given.places.party(name) / "token").is_file():
        raise Unusable(f"{given.places.root}: this machine does not act for `{name}`")


def ends_well(command: Callable[P, T]) -> Callable[P, T]:
    """Turn every declared error into its exit code and one line; a bug shows its type only."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except (LogError, LedgerError, NodeStuck, TryLater) as error:
            raise MachineFailed(f"caseward: {error}") from None
        except BrokenPipeError:  # whoever read our output has seen enough
            sys.stdout = None  # so that the interpreter's flush is still
            raise SystemExit(DONE) from None
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "the machine could not"
            place = "caseward" if error.filename is None else str(error.filename)
            raise MachineFailed(f"{place}: {reason.lower()}") from None
        except (CasewardError, NodeRefused, KeyStoreError, NoteRefused) as error:
            raise Unusable(f"caseward: {error}") from None
        except (click.exceptions.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - a traceback could print a value
            raise MachineFailed(f"caseward: internal fault ({type(error).__name__})") from None

    return run


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine."""
    return asyncio.run(work)


def say(as_json: bool, value: Any, lines: Callable[[], list[str]]) -> None:
    """Print an answer: one JSON value, or lines for people."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, sort_keys=False))
    else:
        for line in lines():
            click.echo(line)


def table(rows: list[dict[str, Any]], columns: list[str]) -> list[str]:
    """Rows as aligned text under their column names."""
    cells = [[_cell(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(c) for c in column) for column in zip(columns, *cells, strict=True)]
    lines = [columns, *cells]
    return [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value)) or "-"
    return str(value)


json_option = click.option("--json", "as_json", is_flag=True, default=False, help="Print JSON.")


def read_input(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Raises:
        Unusable: it cannot be read.
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read()
        return Path(name).read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "cannot be read"
        raise Unusable(f"{name}: {reason}") from None
