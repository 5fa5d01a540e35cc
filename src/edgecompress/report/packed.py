"""What packing a file came to."""

from pathlib import Path

from edgecompress.export.pack import Packed


def packed(made: Packed, source: Path, target: Path) -> str:
    """One line: sizes, how many times smaller, and how near to the entropy bound of the weights."""
    bound = f", {made.bytes / made.entropy_bytes:.3f}x the entropy bound of its weights" if made.entropy_bytes else ""
    return (
        f"{target}: {made.bytes:,} bytes, {made.source_bytes / made.bytes:.2f}x smaller than {source.name} "
        f"({made.source_bytes:,}){bound}"
    )
