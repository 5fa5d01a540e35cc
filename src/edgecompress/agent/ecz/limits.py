"""Limits on a container: a writer stays below them; a reader refuses more before it allocates anything."""

VERSION, COPIES_VERSION = 1, 2
"""Of a container without copies, which older readers know, and of one with some."""
MAGIC = b"\x89ECZ\r\n\x1a\n"

HEADER_BYTES = 1 << 20
PAYLOAD_BYTES = 1 << 25
HEAD_BYTES = 1 << 22
REST_BYTES = 1 << 20
"""Decoded bytes of a block of the rest."""

LANES = 1 << 14
PART_NUMBERS = 1 << 18
"""Numbers of a section that are decoded at a time; part of the format, since each part starts anew."""

CODEBOOK_ENTRIES = 1 << 18
CHANNELS = 1 << 18
ALPHABET = 1 << 16
"""Symbols of a table; a symbol is a uint16."""

COPIES, COPY_BYTES = 1 << 16, 64
"""Copies in a file at most, and bytes of one at least: what is shorter is hardly longer than a copy of it."""

RATIO = 1000
"""Unpacked bytes for one of the container, unless more are allowed: a model of few values stays below."""
RATIO_FROM = 1 << 20
"""Unpacked bytes from which on the ratio is held: what is smaller does no harm."""
