"""`caseward bench`: figures of this machine, as ratios against the same loop written naked."""

from __future__ import annotations

import click

from broker.bench import LEAVES, NODE_EVENTS, measure
from broker.cli.common import ends_well, json_option, say, table


@click.command()
@click.option("--events", default=NODE_EVENTS, show_default=True, type=click.IntRange(1))
@click.option("--leaves", default=LEAVES, show_default=True, type=click.IntRange(1))
@json_option
@ends_well
def bench(events: int, leaves: int, as_json: bool) -> None:
    """Measure the pipeline, the whole embedded node and the ledger, in one run on one core."""
    found = measure(node_events=events, leaves=leaves)

    def lines() -> list[str]:
        columns = ["recipients", "event_bytes", "us_per_event", "naked_us_per_event", "ratio"]
        rest = [
            f"{part} {name}: {v}" for part in ("node", "ledger") for name, v in found[part].items()
        ]
        return [*table(found["pipeline"], columns), *rest]

    say(as_json, found, lines)
