import numpy as np
import pytest

from edgecompress.formats.tflite.graph import Tensor, TfliteOperator
from edgecompress.formats.tflite.sparse_inference.cost import ratio

CHANNELS = 96


def layers(side, zeros, block, kernel=None):
    """A 1x1 convolution of 96 channels, and in front of it a depthwise one of that kernel, on a map of that side."""
    random = np.random.default_rng(0)
    blocks = random.permutation(CHANNELS // block * CHANNELS).reshape(-1, CHANNELS) >= zeros * CHANNELS**2 / block
    weight = np.repeat(blocks, block, axis=0).astype(np.float32)
    made = Tensor("made", (1, side, side, CHANNELS))
    given = Tensor("given", (1, side, side, CHANNELS))
    wide = Tensor("w", (CHANNELS, 1, 1, CHANNELS), weight.reshape(CHANNELS, 1, 1, CHANNELS))
    run = [TfliteOperator("CONV_2D", [given, wide], made)]
    if kernel:
        shape = (1, kernel, kernel, CHANNELS)
        run.append(TfliteOperator("DEPTHWISE_CONV_2D", [given, Tensor("d", shape, np.ones(shape, np.float32))], made))
    return run


# Counted of LiteRT 2.3.0 on an emulated Cortex-A72: benchmarks/arm.py layers.
COUNTED = [
    (1, 0.9, 2, None, 0.995),
    (1, 0.9, 1, None, 2.797),
    (1, 0.8, 2, None, 1.678),
    (1, 0.9, 2, 3, 3.078),
    (1, 0.9, 2, 5, 4.698),
    (2, 0.9, 2, None, 0.393),
    (2, 0.9, 2, 5, 1.579),
    (4, 0.9, 1, None, 0.309),
    (4, 0.9, 2, 3, 0.471),
    (8, 0.9, 2, None, 0.165),
    (8, 0.9, 2, 5, 0.371),
    (16, 0.9, 1, None, 0.221),
    (16, 0.8, 2, None, 0.298),
    (16, 0.9, 2, 3, 0.307),
]


@pytest.mark.parametrize(("side", "zeros", "block", "kernel", "counted"), COUNTED)
def test_the_estimate_is_near_what_was_counted(side, zeros, block, kernel, counted):
    assert ratio(layers(side, zeros, block, kernel)) == pytest.approx(counted, rel=0.15)


def test_of_no_layer_nothing_is_saved():
    assert ratio([]) == 1
