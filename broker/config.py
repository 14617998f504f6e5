"""`caseward.toml`: the API's port, and the connectors that run beside the node."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

CONNECTORS = "caseward.connectors"  # the entry-point group


class ConfigRefused(Exception):
    """The configuration cannot be used; one line `path: what is wrong`."""


class Connector(BaseModel):
    """One source or sink of one agency.

    `name` tells the agency's connectors apart; `kind` is a name in the entry-point group
    `caseward.connectors`; `settings` are the connector's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    agency: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    name: str = Field(default="main", pattern=r"^[a-z0-9-]{1,64}$")
    kind: str
    settings: dict[str, Any] = {}

    @field_validator("kind")
    @classmethod
    def _installed(cls, kind: str) -> str:
        if not importlib.metadata.entry_points(group=CONNECTORS, name=kind):
            raise ValueError("no connector of this kind is installed")
        return kind


class Config(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    port: int = Field(default=0, ge=0, le=65535)
    source: tuple[Connector, ...] = ()
    sink: tuple[Connector, ...] = ()


def read_config(path: Path) -> Config:
    """The configuration in a TOML file.

    Raises:
        ConfigRefused: it is not there, is no TOML, or says something unknown.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigRefused(f"{path}: cannot be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ConfigRefused(f"{path}: not TOML") from None
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        one = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, one["loc"]))
        raise ConfigRefused(
            f"{path}: `{place}`: {one['msg'].lower().removeprefix('value error, ')}"
        ) from None
