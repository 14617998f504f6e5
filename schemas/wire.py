"""Avro's binary encoding, strictly: one compiled form of a schema that writes and reads values.

Both ways are ours. fastavro's writer guesses union branches, fills in defaults and takes a tuple
for a list; its reader counts negative branches from the end, takes any byte for true and follows a
type through its own name. It remains what the tests compare with, and what a schema's fingerprint
is made by (Apache Avro 1.12, "Binary Encoding" and "Single-object encoding").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.errors import Code, SchemaError
from schemas.wire_compiling import Compiler
from schemas.wire_values import Part, Read, Unfit, Write, unread, write_long, write_string

__all__ = [
    "MAGIC",
    "PREFIX_BYTES",
    "Read",
    "Unfit",
    "Wire",
    "Write",
    "leaf_reader",
    "leaf_writer",
    "write_long",
    "write_string",
]

MAGIC: Final = b"\xc3\x01"  # single-object encoding, version 1
PREFIX_BYTES: Final = 10  # the magic and the fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A compiled schema. `rabin` is its CRC-64-AVRO fingerprint, 8 bytes, little endian.

    `part` is the compiled type.
    """

    rabin: bytes
    part: Part
    _write: Write
    _read: Read

    @classmethod
    def compile(cls, raw: dict[str, Any], *, one_spelling: bool = False) -> Wire:
        """Compile a schema, whose named types are each defined before they are used.

        Args:
            raw: the schema.
            one_spelling: whether `decode` refuses every encoding that is not the one of `encode`.

        Raises:
            SchemaError: it is not a schema that can be written without guessing.
        """
        part = Compiler(one_spelling=one_spelling).part(raw, "")
        try:
            canonical = to_parsing_canonical_form(raw)
            rabin = bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
        except Exception:  # noqa: BLE001 - undeclared kinds, and their messages print the schema
            rabin = None
        if rabin is None:
            raise SchemaError(Code.BAD_SCHEMA, "this is not an Avro schema")
        return cls(rabin=rabin, part=part, _write=part.write, _read=part.read)

    def encode(self, value: Any) -> bytes:
        """The value in single-object encoding.

        Raises:
            Unfit: it is not a value of this schema, to the last field and type.
        """
        out = bytearray(MAGIC + self.rabin)
        self._write(out, value)
        return bytes(out)

    def decode(self, data: bytes) -> Any:
        """The value of a whole single-object encoding, whose prefix the caller has checked.

        Any encoding of a value that the specification allows is read, so that other writers'
        blocks of lists are, unless the schema was compiled for `one_spelling`. Time and memory
        grow with the bytes and with nothing that the bytes say: every element of a list takes at
        least one of them, and nothing is nested deeper than the schema.

        Raises:
            Unfit: for any other bytes, with no cause that could hold a value.
        """
        unfit = None
        try:
            value, end = self._read(data, PREFIX_BYTES)
        except Unfit as error:
            unfit = error
        except Exception:  # noqa: BLE001 - past the end, no UTF-8, no such day: all of them
            unfit = unread("the bytes do not follow the schema")
        if unfit is None and end != len(data):
            unfit = unread("bytes follow the end of the value")
        if unfit is not None:
            raise unfit
        return value


def leaf_writer(raw: Any) -> Write:
    """What writes values of one type, given as its schema, that is no part of a larger one.

    Raises:
        SchemaError: it is not a schema that can be written without guessing.
    """
    return Compiler(one_spelling=True).part(raw, "").write


def leaf_reader(raw: Any) -> Read:
    """What reads values of one type in their one spelling; see `leaf_writer`.

    Raises:
        SchemaError: it is not a schema that can be written without guessing.
    """
    return Compiler(one_spelling=True).part(raw, "").read
