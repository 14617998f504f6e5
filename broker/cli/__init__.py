"""The command `caseward`: one file for each noun."""

from __future__ import annotations

import importlib
from importlib.metadata import version

import click

# Loaded when called, so that `caseward --version` does not load a web server.
_COMMANDS = {
    "agency": "agencies",
    "agreement": "agreements",
    "backup": "node",
    "bench": "bench",
    "dead-letters": "watch",
    "deliveries": "watch",
    "demo": "demo",
    "erase": "watch",
    "inbox": "events",
    "init": "node",
    "keys": "agencies",
    "ledger": "ledger",
    "publish": "events",
    "redact": "agreements",
    "redeliver": "events",
    "register": "agencies",
    "restore": "node",
    "schema": "schema",
    "status": "node",
    "trace": "watch",
    "up": "node",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"broker.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("caseward"), message="caseward %(version)s")
@click.option(
    "--state",
    envvar="CASEWARD_STATE",
    default="state",
    show_default=True,
    help="The node's state directory (or CASEWARD_STATE).",
)
def main(state: str) -> None:
    """Share case events between agencies, exactly as far as their agreement allows."""
