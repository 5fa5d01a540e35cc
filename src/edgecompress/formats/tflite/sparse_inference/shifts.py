"""3x3 convolutions as shifts and 1x1 convolutions, whose zeros sparse inference skips.

A 3x3 convolution is a sum over its nine taps, each of which multiplies a shifted map by a matrix. The matrix is a 1x1
convolution. The shift is a depthwise convolution with a single 1 in its kernel. Shifts commute with matrices, so with
stride 1 the taps of a column share a shift of the map that comes in, and the taps of a row a shift of their sum: four
shifts, nine 1x1 convolutions, eight ADDs.

With stride 2 a shift leaves out every other place as well, each tap has its own, and a 1x1 convolution of stride 2 is
the one of the middle. Taps without a nonzero are left out. What is summed is the same, in another order.
"""

import itertools

import numpy as np

from edgecompress.formats.tflite.graph import Array, Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.sparse_inference import padding
from edgecompress.formats.tflite.sparse_inference.run import SAME, VALID

_FUSED, _NONE = "fusedActivationFunction", 0
_MIDDLE = 1
_ENTRY_CHANNELS = 3  # a convolution of so many begins a run as it is


def shifted(graph: TfliteGraph) -> tuple[TfliteGraph, int]:
    """``graph`` with its 3x3 convolutions, and 1x1 ones of stride 2, as shifts; how many. It is not changed itself."""
    made = TfliteGraph(list(graph.inputs), list(graph.outputs), [])
    shifts, count = _Shifts(made), 0
    for operator in graph.operators:
        if _can_be_shifted(graph, operator):
            shifts.convolve(operator, padding.found(graph, operator)[1])
            count += 1
        else:
            made.operators.append(operator)
    for operator in graph.operators:
        if operator.code == "PAD":
            padding.drop_unread(made, operator)
    return made, count


def _can_be_shifted(graph: TfliteGraph, operator: TfliteOperator) -> bool:
    """Return whether ``operator`` is such a convolution, no group, dilation or entry, that has a nonzero."""
    if operator.code != "CONV_2D" or operator.inputs[1].data is None or not operator.inputs[1].data.any():
        return False
    weight, options = operator.inputs[1], operator.options
    stride, kernel = (options["strideH"], options["strideW"]), weight.shape[1:3]
    if (options["dilationHFactor"], options["dilationWFactor"]) != (1, 1):
        return False
    if (kernel, stride) not in (((3, 3), (1, 1)), ((3, 3), (2, 2)), ((1, 1), (2, 2))):
        return False
    pad, source = padding.found(graph, operator)
    if weight.shape[3] != source.shape[3] or not padding.is_half(operator, pad, source, kernel[0] // 2):
        return False
    return kernel == (1, 1) or stride == (1, 1) or source.shape[3] > _ENTRY_CHANNELS


class _Shifts:
    """Adds operators to a graph. Shifts of one map are computed once; their kernels are stored once for each width."""

    def __init__(self, graph: TfliteGraph) -> None:
        self._graph = graph
        self._shifts: dict[tuple[Tensor, int, int, int], Tensor] = {}
        self._kernels: dict[tuple[int, int, int], Tensor] = {}
        self._zeros: dict[int, Tensor] = {}

    def convolve(self, operator: TfliteOperator, source: Tensor) -> None:
        """Add what computes ``operator`` from ``source``, its map without padding."""
        _, weight, bias = operator.inputs
        assert weight.data is not None
        stride, name = operator.options["strideH"], weight.name
        matrices = {(row, column): weight.data[:, row : row + 1, column : column + 1] for row, column in _taps(weight)}
        offset = (3 - weight.shape[1]) // 2
        sums: list[Tensor] = []
        # The middle row first: no shift cuts off a part of the bias that it adds.
        for row in sorted({row for row, _ in matrices}, key=lambda row: row + offset != _MIDDLE):
            terms: list[Tensor] = []
            alone = stride == 1 and row + offset != _MIDDLE
            for column in (column for each, column in matrices if each == row):
                down = row + offset if stride == 2 else _MIDDLE
                moved = self._shift(source, down, column + offset, stride)
                part = Tensor(f"{name}[{row},{column}]", matrices[row, column].shape, matrices[row, column], True)
                added = self._zero_bias(weight.shape[0]) if alone or terms or sums else bias
                terms.append(self._point(moved, part, added))
            if alone:
                total = self._sum(terms)
                terms = [self._shift(total, row, _MIDDLE, 1, bias=None if sums else bias)]
            sums += terms
        self._sum(sums)
        last = self._graph.operators[-1]
        last.output, last.options[_FUSED] = operator.output, operator.options[_FUSED]

    def _shift(self, source: Tensor, row: int, column: int, stride: int, bias: Tensor | None = None) -> Tensor:
        """``source`` as the tap at (row, column) of a 3x3 kernel reads it; itself where that is no change."""
        if (row, column, stride) == (_MIDDLE, _MIDDLE, 1) and bias is None:
            return source
        key = (source, row, column, stride)
        if bias is None and key in self._shifts:
            return self._shifts[key]
        batch, height, width, channels = source.shape
        made = Tensor(
            f"{source.name}/shift{row}{column}",
            (batch, (height - 1) // stride + 1, (width - 1) // stride + 1, channels),
        )
        options = _options(SAME, stride) | {"depthMultiplier": 1}
        given = [source, self._kernel(row, column, channels), bias or self._zero_bias(channels)]
        depthwise = TfliteOperator("DEPTHWISE_CONV_2D", given, made, options)
        self._graph.operators.append(depthwise)
        if stride == 2:
            padding.on_all_sides(self._graph, depthwise, None, source, 1)
        if bias is None:
            self._shifts[key] = made
        return made

    def _point(self, source: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        made = Tensor(f"{weight.name}/product", (*source.shape[:3], weight.shape[0]))
        self._graph.operators.append(TfliteOperator("CONV_2D", [source, weight, bias], made, _options(VALID, 1)))
        return made

    def _sum(self, terms: list[Tensor]) -> Tensor:
        total, *others = terms
        for term in others:
            made = Tensor(f"{term.name}/sum", total.shape)
            self._graph.operators.append(TfliteOperator("ADD", [total, term], made, {_FUSED: _NONE}))
            total = made
        return total

    def _kernel(self, row: int, column: int, channels: int) -> Tensor:
        """The kernel of a shift: a 1 at one of nine places, for each channel."""
        key = row, column, channels
        if key not in self._kernels:
            kernel = np.zeros((1, 3, 3, channels), np.float32)
            kernel[:, row, column] = 1
            self._kernels[key] = Tensor(f"shift{row}{column}/{channels}", kernel.shape, kernel, True)
        return self._kernels[key]

    def _zero_bias(self, channels: int) -> Tensor:
        zeros = np.zeros(channels, np.float32)
        return self._zeros.setdefault(channels, Tensor(f"zeros/{channels}", zeros.shape, zeros))


def _taps(weight: Tensor) -> list[tuple[int, int]]:
    """The places of a kernel (O, H, W, I) that have a nonzero."""
    data: Array | None = weight.data
    assert data is not None
    places = itertools.product(range(weight.shape[1]), range(weight.shape[2]))
    return [(row, column) for row, column in places if data[:, row, column].any()]


def _options(kind: int, stride: int) -> dict[str, int]:
    return {
        "padding": kind, "strideH": stride, "strideW": stride, "dilationHFactor": 1, "dilationWFactor": 1,
        _FUSED: _NONE,
    }  # fmt: skip
