"""Instructions of a run of sparse kernels over those of the dense ones, estimated from its shapes and its zeros.

Sparse kernels go through the nonzeros of a weight once for every 32 places of the map, and again for each smaller
power of two that is left: on a map of one place a nonzero costs as much as on one of eight. Channels first, a depthwise
convolution has a cost for each channel that does not fall with the map. So what pays on maps of 6x6 does not on 1x1.

The numbers are differences of instructions, counted of LiteRT 2.3 on an emulated Cortex-A72:
``benchmarks/arm.py layers`` counts them again.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from edgecompress.formats.tflite.graph import Array, TfliteOperator

# Of one pass over so many places: for a nonzero by itself, for two of neighbouring output channels, and for each output
# channel, or pair of them.
_SINGLE = {1: 11.0, 2: 11.0, 4: 10.0, 8: 11.0, 16: 12.0, 32: 18.0}
_PAIR = {1: 7.0, 2: 7.5, 4: 8.0, 8: 11.0, 16: 15.0, 32: 30.0}
_ROW = {1: 31.0, 2: 31.0, 4: 31.0, 8: 40.0, 16: 50.0, 32: 67.0}
_WIDEST = max(_ROW)
# XNNPACK's own: so full must pairs be to be taken for pairs.
_FULL = 0.9
# Of a multiplication and addition of a dense 1x1 convolution, on a map of one place and on larger ones.
_DENSE_ONE, _DENSE = 0.51, 0.355
# Of one channel of a depthwise convolution, by the size of its kernel: dense, for each place; channels first, once and
# for each place beyond the first few.
_DEPTHWISE_DENSE = {3: 8.2, 5: 19.3}
_DEPTHWISE_CHANNEL = {3: (100.0, 7.2, 0), 5: (270.0, 12.5, 16)}


def ratio(run: Iterable[TfliteOperator]) -> float:
    """The cost of a run's 1x1 and depthwise convolutions with sparse kernels, over the cost without them."""
    sparse, dense = np.sum([(0.0, 0.0), *_costs(run)], axis=0)
    return float(sparse / dense) if dense else 1.0


def _costs(run: Iterable[TfliteOperator]) -> Iterator[tuple[float, float]]:
    """Of each layer: with sparse kernels, without."""
    for operator in run:
        if operator.code not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            continue
        weight = operator.inputs[1].data
        assert weight is not None, "a layer of a run has a constant weight"
        _, height, width, channels = operator.output.shape
        places = height * width
        if operator.code == "CONV_2D":
            yield _pointwise(weight.reshape(len(weight), -1) != 0, places), _dense(weight.size, places)
        else:
            size = weight.shape[1]
            once, each, free = _DEPTHWISE_CHANNEL[size]
            yield channels * (once + each * max(0, places - free)), channels * places * _DEPTHWISE_DENSE[size]


def _dense(weights: int, places: int) -> float:
    return weights * places * (_DENSE_ONE if places == 1 else _DENSE)


def _pointwise(nonzero: Array, places: int) -> float:
    """Of a 1x1 convolution, nonzeros [output channels, input channels]."""
    count = int(np.count_nonzero(nonzero))
    pairs = int(np.count_nonzero(nonzero[: len(nonzero) // 2 * 2].reshape(len(nonzero) // 2, 2, -1).any(axis=1)))
    paired = len(nonzero) % 2 == 0 and count >= _FULL * 2 * pairs
    rows, parts, cost = (len(nonzero) // 2, pairs, _PAIR) if paired else (len(nonzero), count, _SINGLE)
    return sum(times * (rows * _ROW[wide] + parts * cost[wide]) for wide, times in _passes(places))


def _passes(places: int) -> Iterator[tuple[int, int]]:
    """The number of places that a pass takes, and how many such passes there are."""
    yield _WIDEST, places // _WIDEST
    rest = places % _WIDEST
    yield from ((wide, 1) for wide in _ROW if wide < _WIDEST and rest & wide)
