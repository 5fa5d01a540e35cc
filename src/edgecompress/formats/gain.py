"""Decide if a smaller file is worth what it costs at load."""

from edgecompress.encode.ledger import Ledger

CHANNEL_CODEBOOKS = "channel codebooks"
"""How the encoding of a weight ends whose channels have a codebook each."""

LEAST_GAIN = 0.03
"""Of the file's bytes: below it a file is no smaller to anyone, and has one more thing that can go wrong."""

CARD = 100.0
"""Nanoseconds for a byte from a slow SD card: 10 MB/s, what its speed class 10 promises."""

DECODING = {"wavelet": 60.0, "": 20.0}
"""Nanoseconds to decode an element on a small board, with a code of several passes and without: four times what
docs/runtimes.md has for a PC. Memory is as much slower there."""

OF_CHANNELS = 20.0
"""Nanoseconds an element to look its index up in the codebook of its channel, beside what decodes the index: four times
the 4 to 5 that a PC takes."""

_STORED = ("raw", "sparse", "equal")


def declined(ledger: Ledger, source_bytes: int, *, any_gain: bool) -> str | None:
    """The reason to keep a source of so many bytes instead of the file of ``ledger``; empty where it is no smaller.

    ``None``: it is taken; with ``any_gain`` that needs no more than a byte less.
    """
    saved = source_bytes - ledger.file_bytes
    if saved <= 0:
        return ""
    if any_gain:
        return None
    share = f"{100 * saved / source_bytes:.1f} % smaller"
    if saved < LEAST_GAIN * source_bytes:
        return f"it would be {share}, which is too little; to take it all the same: --any-gain"
    decoding = sum(_element(tensor.encoding) * tensor.elements for tensor in ledger.tensors)
    if decoding > CARD * saved:
        return (
            f"it would be {share}, and decoding it takes longer than reading {saved:,} bytes from a slow card; "
            "to take it all the same: --any-gain"
        )
    return None


def _element(encoding: str) -> float:
    """Nanoseconds to decode one element of a weight that is stored so."""
    stored = encoding.startswith(_STORED)
    decoding = 0.0 if stored else DECODING["wavelet" if "wavelet" in encoding else ""]
    return decoding + (OF_CHANNELS if encoding.endswith(CHANNEL_CODEBOOKS) else 0.0)
