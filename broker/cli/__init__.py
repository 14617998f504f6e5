"""The command `caseward`: one file for each noun."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

import click

INTERRUPTED = 130  # what shells say of Ctrl-C

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
    "inbox": "inbox",
    "init": "node",
    "keys": "agencies",
    "ledger": "ledger",
    "override": "overrides",
    "publish": "events",
    "redact": "redact",
    "redeliver": "events",
    "register": "agencies",
    "restore": "node",
    "schema": "schema",
    "status": "node",
    "trace": "watch",
    "up": "node",
}


class _Commands(click.Group):
    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, with one line on standard error for a command line that cannot be used."""
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.Abort:
            raise SystemExit(INTERRUPTED) from None
        except click.exceptions.NoArgsIsHelpError as asked:
            asked.show()
            raise SystemExit(asked.exit_code) from None
        except click.UsageError as error:
            place = error.ctx.command_path if error.ctx else "caseward"
            click.echo(f"{place}: {' '.join(error.format_message().split())}", err=True)
            raise SystemExit(error.exit_code) from None
        except click.ClickException as error:
            error.show()
            raise SystemExit(error.exit_code) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"broker.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group("caseward", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
