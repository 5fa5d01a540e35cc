"""The size of a group, counted before anything is encoded; members in the order of the group.

It is exact but for skewed levels of wavelet matrices, which take less.
"""

from collections.abc import Sequence
from itertools import starmap

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits
from edgecompress.encode.coders import escape, rice, split, wavelet
from edgecompress.encode.group import Coder, Planned, in_order, joined, joined_gaps, order_of, planes
from edgecompress.encode.sums import ValueSums, total


def size(gaps: Sequence[Planned], values: Sequence[Planned]) -> int:
    """Bytes of the group that ``group.encode`` makes of these, as if no level of a wavelet matrix were skewed."""
    members = [each for planned in values for each in planned.members]
    codebooks = [each.palette.codebook for each in members if each.palette]
    fractions = sum(split.size(each.count) for each in members if each.split)
    order = order_of(gaps, values)
    numbers = [(planned.coder, joined_gaps(in_order(planned, order), planned.coder)) for planned in gaps]
    rice_codes = [
        (coder.bits, len(found) + int(np.sum(found >> coder.bits))) for coder, found in numbers if coder.kind == "rice"
    ]
    unary = sum(bits.size(sum(size for _, size in plane), 1) for plane in planes(rice_codes, lambda code: code))
    shared = joined(codebooks).nbytes + fractions + unary
    return shared + sum(starmap(_size_of_gaps, numbers)) + sum(map(_size_of_values, values))


def _size_of_gaps(coder: Coder, gaps: npt.NDArray[np.int32]) -> int:
    if coder.kind == "rice":
        return rice.size(len(gaps), coder.bits)
    if coder.kind == "escape":
        return escape.size(len(gaps), int(np.sum(gaps // escape.escape(coder.bits))), coder.bits)
    return wavelet.size(np.bincount(gaps >> coder.bits, minlength=wavelet.CLASSES), len(gaps), coder.bits)


def _size_of_values(planned: Planned) -> int:
    coder = planned.coder
    count = sum(each.count for each in planned.members)
    if coder.kind == "packed":
        return bits.size(count, coder.bits)
    if coder.kind == "wavelet":
        return wavelet.size(total(map(ValueSums.of, planned.members)).classes[coder.bits], count, coder.bits)
    return count * (2 if coder.kind == "float16" else 4)
