"""The way in and out of a node as agencies have it: folders, a webhook and `caseward up`."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from broker.keys import KeyStore, StoreSecret
from broker.places import Places
from tests.cli.calls import CHILDREN, POLICE, answer, call, spawn
from tests.cli.canaries import (
    Published,
    escaped,
    expected,
    feed,
    register_file,
    told,
    traces,
)
from tests.redaction.alike import unmatched

HOSPITAL, REFUGE, HOUSING = "northmoor-hospital", "harbour-refuge", "northmoor-housing"
WAIT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A node's state, the folders around it, and an agency's system behind a webhook."""

    root: Path
    hook: Hook
    events: list[Published]

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def feeds(self) -> Path:
        return self.root / "feeds"

    def box(self, name: str) -> Path:
        return self.root / "boxes" / name

    def views(self) -> dict[str, list[dict[str, Any]]]:
        """Who gets what by the reference."""
        places = Places(self.state)
        owner = json.loads(places.settings.read_bytes())["name"]
        key_file = StoreSecret.from_key_file(places.root / "store.key")
        store = KeyStore.open(places.node / "keys", secret=key_file, owner=owner)
        return expected(self.events, datetime.now(UTC), secret=store.secret("pseudonyms"))

    def sinks(self, *, instead: dict[str, Path] | None = None) -> str:
        """A folder for each agency, and the webhook for one."""
        token = self.root / "token"
        token.touch(mode=0o600)
        token.write_text("not-a-canary")
        return "\n".join(
            connector("sink", name, "webhook", url=self.hook.url, token_file=token)
            if name == HOSPITAL
            else connector("sink", name, "folder", directory=(instead or {}).get(name, place))
            for name, place in ((name, self.box(name)) for name in self.views())
        )

    def config(self, *parts: str) -> Path:
        file = self.root / "caseward.toml"
        file.write_text("\n".join(parts))
        return file

    def up(self, *parts: str) -> str:
        """Run the node with these connectors until nothing is left to do; give what it said."""
        child = spawn("up", "--config", self.config(*parts), "--until-idle", state=self.state)
        out, err = ended(child)
        assert child.returncode == 0, err
        assert traces(out + err) == [], "what the process said"
        return out + err

    def arrived(self, name: str) -> list[dict[str, Any]]:
        """Every delivery that an agency's system has."""
        texts = [path.read_bytes() for path in self.box(name).glob("*.json") if path.is_file()]
        return [
            json.loads(text) for text in (self.hook.taken.values() if name == HOSPITAL else texts)
        ]

    def assert_arrived(self) -> None:
        """Each agency has its views as the reference finds them, each once."""
        for name, views in self.views().items():
            assert unmatched(told(self.arrived(name)), views) == ([], []), name

    def assert_nothing_escaped(self) -> None:
        """Nothing but what agencies wrote and got, and what the test gave to commands."""
        known = (self.feeds, self.root / "boxes", self.root / "given")
        found = escaped(self.root, besides=known)
        assert found == [], found
        names = [path.name for path in (self.root / "boxes").rglob("*")]
        assert traces("\n".join([*names, *self.hook.heads])) == [], "a file's name or a header"


@contextmanager
def opened(state: Path, root: Path, events: Iterable[Published]) -> Iterator[Door]:
    """A node's door: events in its feeds, their cases in its register; nothing runs yet."""
    door = Door(root=root, hook=Hook(), events=list(events))
    feed(door.feeds, door.events)
    (root / "given").mkdir()
    cases = register_file(root / "given" / "cases.yaml", door.events)
    result = call("register", "load", cases, state=state)
    assert (result.exit_code, result.stderr) == (0, "")
    assert traces(result.output) == []
    try:
        yield door
    finally:
        door.hook.close()


def ended(child: subprocess.Popen[bytes]) -> tuple[str, str]:
    """Wait for a process that this test started; give what it said."""
    try:
        out, err = child.communicate(timeout=WAIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
    return out.decode(), err.decode()


@contextmanager
def running(door: Door, *parts: str) -> Iterator[subprocess.Popen[bytes]]:
    """The node in another process, ready; killed at the end if it still runs."""
    child = spawn("up", "--json", "--config", door.config(*parts), state=door.state)
    assert child.stdout is not None
    try:
        assert json.loads(child.stdout.readline() or b"{}").get("ready") is True
        yield child
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()


def until(door: Door, state: str, count: int) -> None:
    """Wait until so many deliveries are in a state."""
    for _ in range(300):
        words = ("deliveries", "--state", state)
        if len(answer("deliveries", *words, state=door.state)["deliveries"]) >= count:
            return
        time.sleep(0.1)
    raise AssertionError(f"fewer than {count} deliveries are {state}")


def say(door: Door, *asked: tuple[str, ...]) -> str:
    """What commands print."""
    return "".join(call(*words, "--json", state=door.state).output for words in asked)


def say_everything(door: Door) -> str:
    """What every command that asks the node prints, to whoever may ask."""
    asked: list[tuple[str, ...]] = [("status",), ("agency", "list")]
    for party in ("operator", "auditor", "officer-1", POLICE, CHILDREN, HOSPITAL):
        asked += [("deliveries", "--as", party), ("dead-letters", "--as", party)]
    for one in door.events:
        asked.append(("trace", one.id, "--publisher", one.source, "--as", "auditor"))
        asked.append(("deliveries", "--case", one.case, "--as", "auditor"))
    return say(door, *asked)


# --- connectors --------------------------------------------------------------------------------


class Hook(ThreadingHTTPServer):
    """An agency's system that takes deliveries over HTTP; `faults` are what it does first.

    A fault is the bytes that it answers with, `{}` in them being the body that it got; then it
    closes the connection, whatever the answer promised.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.faults: list[bytes] = []
        self.tries = 0
        self.taken: dict[str, bytes] = {}
        self.heads: list[str] = []
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/intake"

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Hook(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tries += 1
        self.server.heads.append(f"{self.requestline}\n{self.headers}")
        if self.server.faults:
            self.wfile.write(self.server.faults.pop(0).replace(b"{}", body.strip()))
            self.close_connection = True
            return
        self.server.taken[self.headers["Idempotency-Key"]] = body
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: what the agency's system logs is its own."""


def connector(part: str, agency: str, kind: str, **settings: Any) -> str:
    """One entry of `caseward.toml`; JSON's strings, numbers and lists are TOML's as well."""
    lines = [f"[[{part}]]", f"agency = {json.dumps(agency)}", f"kind = {json.dumps(kind)}"]
    return "\n".join([*lines, f"settings = {inline(settings)}", ""])


def inline(value: Any) -> str:
    """A value in TOML, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value)


def sources(folder: Path) -> str:
    """A folder source for each folder of a publisher below one; `quiet_s` 0: files are whole."""
    return "\n".join(
        connector("source", path.name, "folder", directory=path, quiet_s=0)
        for path in sorted(folder.iterdir())
    )
