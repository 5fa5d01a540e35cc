"""Sizes as people write them: 300kB is 300,000 bytes, 300KiB is 307,200."""

import re
from decimal import Decimal

from edgecompress.errors import InputError

UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


def parse_size(text: str) -> int:
    """The bytes that ``text`` means: a number and, if need be, one of B, kB, MB, GB, KiB, MiB, GiB; case is ignored.

    Raises:
        InputError: it is none, or less than one byte.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    if found is None or found[2].lower() not in UNITS:
        raise InputError(f"'{text}' is no size; write it as 300kB (300,000 bytes), 1.2MB, 256KiB or 300000")
    size = int(Decimal(found[1]) * UNITS[found[2].lower()])
    if size < 1:
        raise InputError(f"a size of '{text}' is less than one byte; write it as 300kB (300,000 bytes)")
    return size
