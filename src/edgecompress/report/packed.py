"""The result of packing a file."""

from pathlib import Path

from edgecompress.export.pack import PackResult
from edgecompress.formats import find

LAST_STEP = "packing is the last step: quantise, convert and simplify before it"
"""What other tools do with a packed file is in docs/runtimes.md."""

WAY_BACK = "'edgecompress unpack' writes the dense file again"
"""Of a format with decoders to take out; a TFLite file has none."""


def packed(made: PackResult, source: Path, target: Path) -> str:
    """Sizes, how many times smaller, how near to the entropy bound of the weights, and what was proved."""
    if made.copied:
        reason = f" ({made.declined})" if made.declined else ""
        container = f"; as .ecz {made.container_bytes:,} bytes" if made.container_bytes is not None else ""
        return f"{target}: nothing gets smaller{reason}, so it is {source.name}, {made.bytes:,} bytes{container}"
    bound = f", {made.bytes / made.entropy_bytes:.3f}x the entropy bound of its weights" if made.entropy_bytes else ""
    line = (
        f"{target}: {made.bytes:,} bytes, {made.source_bytes / made.bytes:.2f}x smaller than {source.name} "
        f"({made.source_bytes:,}){bound}"
    )
    if made.proof is None:
        return line
    after = f"{LAST_STEP}; {WAY_BACK}" if find.has_decoders(target) else LAST_STEP
    return f"{line}; {made.proof.words}\n{after}"
