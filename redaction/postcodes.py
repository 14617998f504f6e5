"""The outward part of a postcode: a district, told from a structured address without geocoding.

How much of a code names a district differs from country to country; the table is all there is. A
country or a spelling that it does not know is told as `unknown`, never in part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

UNKNOWN: Final = "unknown"


def _digits(kept: int, length: int) -> re.Pattern[str]:
    return re.compile(rf"([0-9]{{{kept}}})[0-9]{{{length - kept}}}")


# Country (ISO 3166-1 alpha-2) → the whole code without gaps; its group is what is told.
_CODES: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "GB": re.compile(r"([A-Z0-9]{2,4})[0-9][A-Z]{2}"),
        "IE": re.compile(r"([A-Z0-9]{3})[A-Z0-9]{4}"),
        "NL": re.compile(r"([0-9]{4})[A-Z]{2}"),
        "PT": _digits(4, 7),
        **dict.fromkeys(("DE", "ES", "FI", "FR", "IT", "PL", "SE"), _digits(2, 5)),
        **dict.fromkeys(("CZ", "SK"), _digits(3, 5)),
        **dict.fromkeys(("AT", "BE", "DK"), _digits(2, 4)),
    }
)


def outward_code(country: str, postcode: str) -> str:
    """The part of a postcode that names a district, or `unknown`.

    Args:
        country: ISO 3166-1 alpha-2, in either case.
        postcode: as written, with or without spaces and hyphens.
    """
    known = _CODES.get(country.upper())
    code = "".join(postcode.upper().replace("-", "").split())
    found = None if known is None else known.fullmatch(code)
    return UNKNOWN if found is None else found[1]
