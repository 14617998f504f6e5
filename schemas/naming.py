"""The named types of one schema, and what they and fields are called besides.

Aliases and defaults are checked and kept, and nothing follows from them: an event is read by the
schema it was written with, so that no field is renamed, and none is filled in that nobody said.
"""

from __future__ import annotations

from typing import Any

from schemas.primitives import refusal
from schemas.wire_compiling import full_name, is_full_name, is_name, referred


class Names:
    """The types that a schema has defined so far, by their full names."""

    def __init__(self) -> None:
        self._types: dict[str, tuple[dict[str, Any], str]] = {}  # definition, inner namespace
        self._aliases: set[str] = set()
        # what is asked of each part is asked once: unions of records within one another would
        # otherwise double it at each level
        self._taken: dict[tuple[int, int, str], bool] = {}

    def define(self, raw: dict[str, Any], namespace: str, path: str) -> tuple[str, str]:
        """Note a definition, at its place or again at a later use of it.

        Returns:
            its full name, and the namespace inside it.

        Raises:
            SchemaError: it has no proper name or alias, or that of another type.
        """
        name = full_name(raw, namespace)
        if name is None:
            raise refusal(path, "a named type has a `name` of letters, digits and underscores")
        inner = name.rpartition(".")[0]
        if name not in self._types:
            self._types[name] = (raw, inner)
            aliases = [referred(each, inner) for each in _aliases(raw, path, is_full_name)]
            for each in (name, *aliases):
                if each in self._aliases or (each in self._types and each != name):
                    raise refusal(path, f"`{each}` is an alias and the name of another type")
            self._aliases.update(aliases)
        if self._types[name][0] is not raw:
            raise refusal(path, f"the type `{name}` is defined twice")
        return name, inner

    def find(self, name: str) -> tuple[dict[str, Any], str] | None:
        """The definition of a full name, with the namespace inside it."""
        return self._types.get(name)

    def takes_default(self, raw: Any, value: Any, namespace: str) -> bool:
        """Whether a value, as a schema's JSON spells defaults, is one of a type.

        Args:
            raw: the type, a part of the schema.
            value: the default, a part of the schema too, which lives as long as this.
            namespace: around the type.
        """
        key = (id(raw), id(value), namespace)
        if key not in self._taken:
            self._taken[key] = self._takes(raw, value, namespace)
        return self._taken[key]

    def _takes(self, raw: Any, value: Any, namespace: str) -> bool:
        if isinstance(raw, list):
            return any(self.takes_default(branch, value, namespace) for branch in raw)
        if isinstance(raw, str):
            if raw in _PLAIN:
                return bool(_PLAIN[raw](value))
            found = self.find(referred(raw, namespace))
            return found is not None and self.takes_default(found[0], value, found[1])
        match raw["type"]:
            case "record":
                inner = (full_name(raw, namespace) or "").rpartition(".")[0]
                fields = {field["name"]: field for field in raw["fields"]}
                return (
                    isinstance(value, dict)
                    and value.keys() <= fields.keys()
                    and all(
                        self.takes_default(field["type"], value[name], inner)
                        if name in value
                        else "default" in field
                        for name, field in fields.items()
                    )
                )
            case "enum":
                return value in raw["symbols"]
            case "fixed":
                return _is_bytes(value) and len(value) == raw["size"]
            case "array":
                return isinstance(value, list) and all(
                    self.takes_default(raw["items"], each, namespace) for each in value
                )
            case "map":
                return isinstance(value, dict) and all(
                    self.takes_default(raw["values"], each, namespace) for each in value.values()
                )
        return self.takes_default(raw["type"], value, namespace)


def check_field_names(listed: list[dict[str, Any]], path: str) -> None:
    """Check that no two fields of a record could be taken for each other.

    Raises:
        SchemaError: an alias is no name, or that of another field.
    """
    known = {field["name"] for field in listed}
    for field in listed:
        for alias in _aliases(field, f"{path}.{field['name']}".lstrip("."), is_name):
            if alias in known:
                where = f"{path}.{field['name']}".lstrip(".")
                raise refusal(where, f"`{alias}` is an alias and the name of another field")
            known.add(alias)


def _aliases(raw: dict[str, Any], path: str, proper: Any) -> list[str]:
    aliases = raw.get("aliases", [])
    if not isinstance(aliases, list) or not all(map(proper, aliases)):
        raise refusal(path, "`aliases` is a list of names")
    return aliases


def _is_bytes(value: Any) -> bool:
    return isinstance(value, str) and all(ord(each) < 256 for each in value)


def _is_whole(value: Any, bits: int) -> bool:
    return type(value) is int and -(1 << bits - 1) <= value < 1 << bits - 1


_PLAIN: dict[str, Any] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "int": lambda value: _is_whole(value, 32),
    "long": lambda value: _is_whole(value, 64),
    "float": lambda value: type(value) in (int, float),
    "double": lambda value: type(value) in (int, float),
    "bytes": _is_bytes,
    "string": lambda value: isinstance(value, str),
}
