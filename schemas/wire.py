"""Avro's binary encoding, strictly: one compiled form of a schema that writes and reads values.

Writing is ours, because fastavro's writer guesses union branches, fills in defaults and takes a
tuple for a list. Reading is fastavro's, which is fast; what it does not verify is hung into its
reading as logical types, so that only the values that need a check pay for it (Apache Avro 1.12,
"Binary Encoding" and "Single-object encoding").
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from fastavro import parse_schema, schemaless_reader
from fastavro.read import LOGICAL_READERS
from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.errors import Code, SchemaError
from schemas.wire_checks import CHECKS
from schemas.wire_compiling import Compiler
from schemas.wire_values import Unfit, Write

MAGIC: Final = b"\xc3\x01"  # single-object encoding, version 1
PREFIX_BYTES: Final = 10  # the magic and the fingerprint

LOGICAL_READERS.update(CHECKS)  # fastavro's own hook; all our names begin with `caseward-`


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A compiled schema. `rabin` is its CRC-64-AVRO fingerprint, 8 bytes, little endian."""

    rabin: bytes
    _write: Write
    _reader: Any

    @classmethod
    def compile(cls, raw: dict[str, Any]) -> Wire:
        """Compile a schema, whose named types are each defined before they are used.

        Raises:
            SchemaError: it is not a schema that can be written without guessing.
        """
        part = Compiler().part(raw, "")
        try:
            canonical = to_parsing_canonical_form(raw)
            rabin = bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
            reader = parse_schema(part.read)
        except Exception:  # noqa: BLE001 - undeclared kinds, and their messages print the schema
            reader = None
        if reader is None:
            raise SchemaError(Code.BAD_SCHEMA, "this is not an Avro schema")
        return cls(rabin=rabin, _write=part.write, _reader=reader)

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
        blocks of arrays are, and so are numbers spelled longer than they need be, of which
        nothing beyond 64 bits counts; what is written again may therefore differ in its bytes.
        Time and memory grow with the bytes and with nothing that the bytes say: every element of
        a list takes at least one of them, and nothing is nested deeper than the schema.

        Raises:
            Unfit: for any other bytes, with no cause that could hold a value.
        """
        stream = BytesIO(data)
        stream.seek(PREFIX_BYTES)
        unfit = None
        try:
            value = schemaless_reader(stream, self._reader, None)
        except Unfit as error:
            unfit = error
        except Exception:  # noqa: BLE001 - undeclared kinds, and their messages print the record
            unfit = Unfit("the bytes do not follow the schema", code=Code.NOT_DECODABLE)
        if unfit is None and stream.tell() != len(data):
            unfit = Unfit("bytes follow the end of the value", code=Code.NOT_DECODABLE)
        if unfit is not None:
            raise unfit
        return value
