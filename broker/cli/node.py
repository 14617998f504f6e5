"""`caseward init|up|status|backup|restore`: the life of a node."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import click

from broker.backup import back_up, restore_from
from broker.checkpoint import NoteRefused
from broker.cli.common import (
    DONE,
    MachineFailed,
    Unusable,
    acting,
    ends_well,
    json_option,
    read_input,
    run,
    say,
    secret_from_environment,
    setting,
)
from broker.config import Config, ConfigRefused, read_config
from broker.keys import StoreSecret
from broker.logs import log_to_stderr
from broker.node import Node, init_node
from broker.places import Places, make_private, write_private
from broker.service import run_connectors
from broker.session import client_of, reach, serve
from connectors import contract


@click.command()
@click.option("--name", default="gateway", show_default=True, help="The gateway's name.")
@json_option
@ends_well
def init(name: str, as_json: bool) -> None:
    """Make a node: its keys, two officers, an operator and an auditor."""
    places = Places(Path(click.get_current_context().find_root().params["state"]))
    if places.settings.exists():
        raise Unusable(f"{places.root}: there is a node here already")
    make_private(places.root)
    named = os.environ.get("CASEWARD_PASSPHRASE") or os.environ.get("CASEWARD_KEY_FILE")
    if not named:
        write_private(places.root / "store.key", secrets.token_bytes(32))
    init_node(places, name=name, secret=secret_from_environment(places))
    answer = {"name": name, "officers": ["officer-1", "officer-2"]}
    say(as_json, answer, lambda: [f"made a node named {name} in {places.root}"])


@click.command()
@click.option("--config", "config_file", default=None, help="A caseward.toml with connectors.")
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    help="The API's loopback port; 0 takes a free one.",
)
@click.option("--until-idle", is_flag=True, default=False, help="End when nothing is left to do.")
@json_option
@ends_well
def up(config_file: str | None, port: int, until_idle: bool, as_json: bool) -> None:
    """Run the node until SIGTERM or Ctrl-C; a restart goes on where it was."""
    given = setting()
    try:
        config = read_config(Path(config_file)) if config_file else Config()
    except ConfigRefused as refused:
        raise Unusable(str(refused)) from None
    for one in (*config.source, *config.sink):
        acting(given, one.agency)
    log_to_stderr()

    def ready(bound: int) -> None:
        if as_json:
            say(True, {"ready": True, "port": bound}, list)
        else:
            click.echo(f"caseward: ready on 127.0.0.1:{bound}", err=True)

    port = port or config.port
    try:
        code = run(_up(given.places, given.secret, config, port, until_idle, ready))
    except (ConfigRefused, contract.ConfigRefused) as refused:  # a connector's own settings
        raise Unusable(f"{config_file}: {refused}") from None
    raise SystemExit(code)


async def _up(
    places: Places,
    secret: StoreSecret,
    config: Config,
    port: int,
    until_idle: bool,
    ready: Callable[[int], None],
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    node = Node(places, secret=secret)
    await node.open()
    try:
        node.start()
        async with AsyncExitStack() as stack:
            bound = await stack.enter_async_context(serve(node, port=port))
            await run_connectors(
                node,
                bound,
                config,
                secret,
                stop,
                until_idle=until_idle,
                opened=lambda: ready(bound),
            )
    finally:
        await node.close()
    if node.stuck is not None:
        raise MachineFailed(f"caseward: the {node.stuck} task stopped")
    return DONE


@click.command()
@json_option
@ends_well
def status(as_json: bool) -> None:
    """Whether the node is ready, what waits, how large the ledger is."""
    given = setting()

    async def ask() -> dict[str, object]:
        async with reach(given.places, given.secret) as http:
            return await client_of(http, given.places, "operator").get("/v1/status")

    said = run(ask())
    say(as_json, said, lambda: [f"{name}: {value}" for name, value in said.items()])
    raise SystemExit(0 if said["ready"] else 1)


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@json_option
@ends_well
def backup(target: Path, as_json: bool) -> None:
    """Copy a stopped or idle node's state to a new directory, consistently."""
    given = setting()
    if target.exists():
        raise Unusable(f"{target}: exists already")
    files = run(back_up(given.places, given.secret, target))
    say(as_json, {"files": files}, lambda: [f"copied {files} files to {target}"])


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--checkpoint", default=None, help="The newest checkpoint anybody holds.")
@click.option("--new-ledger", is_flag=True, default=False, help="Hops are lost: begin a new one.")
@json_option
@ends_well
def restore(source: Path, checkpoint: str | None, new_ledger: bool, as_json: bool) -> None:
    """Bring a backup back; the ledger never signs a tree smaller than one it signed before."""
    root = Path(click.get_current_context().find_root().params["state"])
    if not Places(source).settings.is_file():
        raise Unusable(f"{source}: there is no backup here")
    note = None if checkpoint is None else read_input(checkpoint)
    try:
        bound = restore_from(source, Places(root), checkpoint=note, new_ledger=new_ledger)
    except NoteRefused as refused:
        raise Unusable(f"{checkpoint}: {refused}") from None
    line = "restored" if bound is None else f"restored; nothing below {bound} leaves is signed"
    say(as_json, {"bound_to": bound}, lambda: [line])
