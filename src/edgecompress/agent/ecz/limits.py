"""What a container may ask of a reader. A writer stays below; a reader refuses more before it allocates anything."""

VERSION = 1
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
