"""A layer of few values, whose channels folding has multiplied, one of them by a negative number."""

import numpy as np
import pytest

from edgecompress.int8.palette import COARSEST, Quantized, on_palette

FACTORS = np.array([2.0, -0.5, 1e-3, 40.0, 1.0])
VALUES = np.array([-0.9, -0.41, -0.27, 0.0, 0.0, 0.0, 0.31, 0.77], np.float32)


def layer(axis=0):
    """Clustered weights, and what the file is to hold; the last channel is zero."""
    clustered = np.random.default_rng(3).choice(VALUES, size=(5, 4, 3, 3))
    clustered[1][np.abs(clustered[1]) > 0.5] = 0  # its largest weight is not the layer's
    clustered[4] = 0
    weight = (clustered * FACTORS.reshape(5, 1, 1, 1)).astype(np.float32)
    return np.moveaxis(weight, 0, axis), np.moveaxis(clustered, 0, axis)


def own(weight, axis, largest=64):
    """What a quantiser makes of it: a scale for each channel."""
    others = tuple(each for each in range(weight.ndim) if each != axis)
    peaks = np.abs(weight).max(axis=others, keepdims=True)
    scales = np.where(peaks == 0, 7, peaks / largest).astype(np.float32)
    return Quantized(np.rint(weight / scales).astype(np.int8), scales.reshape(-1))


@pytest.mark.parametrize("axis", [0, 3])
@pytest.mark.parametrize("largest", [64, 127])
def test_every_channel_has_the_integers_of_the_palette(axis, largest):
    weight, clustered = layer(axis)
    before = own(weight, axis, largest)
    found = on_palette(before, weight, clustered, axis, largest)
    of_values = {
        value: np.unique(np.abs(found.integers[clustered == value])).tolist() for value in np.unique(clustered)
    }
    assert all(len(integers) == 1 for integers in of_values.values())
    assert of_values[0] == [0]
    assert largest // 2 < np.abs(found.integers).max() <= largest
    assert len(np.unique(np.abs(before.integers))) > len(np.unique(np.abs(found.integers))) == len(of_values)
    per_channel = found.scales.reshape([-1 if each == axis else 1 for each in range(4)])
    assert np.abs(found.integers * per_channel - weight).max() <= 0.501 * per_channel.max()
    assert np.abs(found.integers - weight / per_channel).max() <= 0.501
    assert found.scales[4] == 7  # a channel of zeros is left as it was


def test_a_channel_that_one_step_is_too_coarse_for_stays_as_it_was():
    weight, clustered = layer()
    clustered[1], weight[1] = clustered[1] / 60, weight[1] / 60
    before = own(weight, 0)
    found = on_palette(before, weight, clustered, 0, 64)
    assert found.scales[1] == before.scales[1]
    assert np.array_equal(found.integers[1], before.integers[1])
    off = np.square(found.integers * found.scales.reshape(-1, 1, 1, 1) - weight).sum(axis=(1, 2, 3))
    assert (off[:4] <= COARSEST**2 * np.square(weight).sum(axis=(1, 2, 3))[:4]).all()


def test_what_is_not_clustered_or_not_multiplied_channel_by_channel_is_left_alone():
    weight, clustered = layer()
    many = np.random.default_rng(4).normal(size=weight.shape).astype(np.float32)
    assert on_palette(own(many, 0), many, many, 0, 64) is None
    moved = weight.copy()
    moved[0, 0, 0, 0] += 0.1
    assert on_palette(own(moved, 0), moved, clustered, 0, 64) is None
    assert on_palette(own(weight * 0, 0), weight * 0, clustered * 0, 0, 64) is None
    whole = Quantized(own(weight, 0).integers, np.ones(1, np.float32))
    assert on_palette(whole, weight, clustered, 0, 64) is None
