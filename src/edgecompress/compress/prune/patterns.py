"""Patterns: which weights can only go together. Written as ``unstructured``, ``N:M`` or ``OUTxIN``.

``2:4`` keeps 2 of every 4 weights that follow each other along the input channels (Mishra et al., "Accelerating sparse
deep neural networks", 2021). ``4x1`` prunes blocks of 4 output channels by 1 input channel, at each position
of the kernel (Gray, Radford & Kingma, "GPU kernels for block-sparse weights", 2017).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgecompress.errors import InputError


@dataclass(frozen=True)
class Blocks:
    """``out`` x ``inputs`` weights stay or go together; 1 x 1 is any weight alone."""

    out: int = 1
    inputs: int = 1

    def __str__(self) -> str:
        """The pattern as recipes write it."""
        return "unstructured" if self == UNSTRUCTURED else f"{self.out}x{self.inputs}"


@dataclass(frozen=True)
class NOfM:
    """``kept`` of every ``group`` weights along the input channels stay."""

    kept: int
    group: int

    @property
    def sparsity(self) -> float:
        """The only sparsity that such a layer can have, in the end."""
        return 1 - self.kept / self.group

    def __str__(self) -> str:
        """The pattern as recipes write it."""
        return f"{self.kept}:{self.group}"


Pattern = Blocks | NOfM
UNSTRUCTURED = Blocks()


def parse(text: str) -> Pattern:
    """The pattern that ``text`` means.

    Raises:
        InputError: it means none.
    """
    if text == "unstructured":
        return UNSTRUCTURED
    if found := re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", text):
        return Blocks(int(found[1]), int(found[2]))
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", text)
    if found and int(found[1]) <= int(found[2]):
        return NOfM(int(found[1]), int(found[2]))
    raise InputError(f"'{text}' is no pattern of pruning; write unstructured, N:M as 2:4, or OUTxIN blocks as 4x1")


def check(layer: str, shape: Sequence[int], pattern: Pattern) -> None:
    """Make sure that a weight of ``shape`` (out, in, ...) is made of whole groups or blocks.

    Raises:
        InputError: it is not; the line names the layer and says what to do.
    """
    out, inputs = shape[:2]
    wants = (pattern.out, pattern.inputs) if isinstance(pattern, Blocks) else (1, pattern.group)
    if out % wants[0] or inputs % wants[1]:
        raise InputError(
            f"layer '{layer}' has {out} output and {inputs} input channels, which pattern {pattern} does not divide; "
            f"set layers.'{layer}'.pattern = \"unstructured\" or layers.'{layer}'.dense = true in the recipe"
        )
