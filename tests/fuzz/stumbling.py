"""What readers stumble over: counts, numbers, depths and characters at a format's edge."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from schemas.wire_values import write_long

EDGES = (0, 1, 2, 63, 64, 2**15, 2**31 - 1, 2**31, 2**33, 2**53, 2**62, 2**63 - 1)
NO_CHARACTERS = (b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xff\xfe")


def _avro() -> Iterator[bytes]:
    for edge in EDGES:
        for count in (edge, -edge - 1):
            out = bytearray()
            write_long(out, count)
            yield bytes(out)
    yield from (b"\x80\x80\x80\x00", b"\xff" * 9 + b"\x7f", b"\xff" * 30, b"\x80" * 12 + b"\x01")
    for number in (float("nan"), float("inf"), -0.0, 5e-324, 1e308):
        yield struct.pack("<d", number)
        if abs(number) != 1e308:
            yield struct.pack("<f", number)


AVRO = (*_avro(), *NO_CHARACTERS, bytes(40), b"\xff" * 40, b"\x02" * 60)


def _cbor() -> Iterator[bytes]:
    for major in range(8):
        for edge in EDGES:
            yield bytes([major << 5 | 27]) + edge.to_bytes(8, "big")
        for more in (0, 1, 23, 24, 25, 26, 28, 31):
            yield bytes([major << 5 | more])


CBOR = (
    *_cbor(),
    *NO_CHARACTERS,
    *(b"\x81" * 40, b"\xa1\x01" * 40, b"\xc2\x49" + b"\xff" * 9, b"\xd8\x1c\x81\xd8\x1d\x00"),
    *(b"\xf9\x7e\x00", b"\xfa\x7f\xc0\x00\x00", b"\xfb" + b"\x7f\xf8" + bytes(6), b"\xff", b"\xf7"),
    *(b"\xa2\x01\x01\x01\x01", b"\xa1\x80\x01", b"\xa1\xa0\x01", b"\x5f\x41\x01\xff", b"\x9f\xff"),
)
JSON = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1e-999", b"-0", b"-0.0", b"01"),
    *(b"9" * 30, b"9" * 4_300, b"9" * 4_301, b"0." + b"1" * 500, b"1E400", b"2147483648"),
    *(b"-9223372036854775809", b"9223372036854775808", b"1.0", b"0.1", b"5e-324", b"1e-46"),
    *(b"null", b"true", b"[]", b"{}", b'""', b"[[]]", b"[null]", b'{"":0}', b'{"a":1,"a":2}'),
    *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\ud83d\\ude00"', b'"\\u0000"', b'"\\u"', b'"\\'),
    *(b"[" * 33, b'{"a":' * 33, b"[" * 1_200, b"]" * 40, b"}" * 40, b",", b":", b'"', b"\n"),
    *(b'"2026-02-30"', b'"9999-12-31T23:59:59-23:59"', b'"0001-01-01T00:00:00+23:59"'),
    *(b'"2026-01-31T24:00:00Z"', b'"2026-01-31T09:30:60Z"', b'"P9999999999M"', b'"PT1e3S"'),
    *(b'"1e9"', b'"-0.00"', b'"1' + b"0" * 79 + b'"', b'"NaN"', b'"A==="', b'"_-_-"', b'"AB"'),
    *(b"\xef\xbb\xbf", "\u2028".encode(), '"\u0661"'.encode(), b'"$withheld"', *NO_CHARACTERS),
)
YAML = (
    *(
        b"&a ",
        b"*a",
        b"!!python/object:os.system ",
        b"!a ",
        b"<<: ",
        b"<<: *a",
        b"? ",
        b": ",
        b"- ",
    ),
    *(
        b"---\n",
        b"...\n",
        b"%YAML 9.9\n",
        b"%TAG ! a:\n",
        b"#",
        b"|\n",
        b">-\n",
        b"\t",
        b"\r",
        b"@",
    ),
    *(
        b"[" * 21,
        b"{a: " * 21,
        b"[" * 500,
        b"]",
        b"}",
        b"[",
        b"{",
        b",",
        b"[]",
        b"{}",
        b"''",
        b'""',
    ),
    *(b"~", b"null", b"yes", b"no", b"0x10", b"1_000", b"1:30", b".inf", b".nan", b"-1", b"9" * 40),
    *(b"2026-02-30", b"0000-00-00", b"9999-12-31", b"3 days", b"0 days", b"9999 months", b"within"),
    *(b'"\\ud800"', b'"\\u202e"', b'"\\0"', b'"\\x"', b'"a\\\n  b"', "\u202e".encode(), b"\x00"),
    *(
        b"anyone",
        b"recipient",
        b"clear",
        b"all",
        b"any",
        b"not",
        b"age",
        b"disclosure_age",
        b"share",
    ),
    *(b"a/../../etc/passwd", b"localtime", b"Europe", b"x" * 101, b"x" * 201, b"x" * 2_001),
    *("\U0001f600".encode(), "\ufffe".encode(), "\x85".encode(), b"\xef\xbb\xbf", *NO_CHARACTERS),
)
