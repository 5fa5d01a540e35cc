"""Long sequences walked in blocks: what NumPy computes with takes 8 bytes an element, and so never much."""

from collections.abc import Iterator

ELEMENTS = 1 << 20


def blocks(count: int, first: int = 0) -> Iterator[slice]:
    """Slices of some elements each, from the element ``first`` on."""
    return (slice(start, start + ELEMENTS) for start in range(first, count, ELEMENTS))
