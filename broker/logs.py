"""Log lines: JSON on standard error, of a closed set of fields, so that no value can slip in."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Whatever else a caller gives is dropped, named only by the count: fail closed.
FIELDS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "topic",
        "partition",
        "offset",
        "code",
        "error",
        "task",
        "connector",
        "agency",
        "count",
        "origin",
    }
)


def only_known_fields(
    _logger: object, _name: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep the fields that can carry no personal data, and say how many were dropped."""
    kept = {name: value for name, value in line.items() if name in FIELDS}
    if len(kept) < len(line):
        kept["dropped_fields"] = len(line) - len(kept)
    return kept


def log_to_stderr(*, at_least: int = logging.INFO) -> None:
    """Configure structlog once for this process, for lines of a level and above."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_known_fields,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(at_least),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
