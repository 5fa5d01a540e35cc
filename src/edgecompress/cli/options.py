"""Options that several commands have."""

from typing import Literal

Mode = Literal["fast-load", "smallest"]

ENCODING = (
    "fast-load: only what is decoded in one pass at load. smallest: entropy codes too, a few per cent fewer bytes."
)
