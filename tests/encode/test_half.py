import numpy as np

from edgecompress.encode.half import to_float16


def test_rounding_to_float16_makes_no_zeros_and_is_as_close_as_float16_can_be():
    weights = np.array([0.0, -0.0, 1e-9, -1e-30, 2.0**-25, 3e-6, 0.1, -65504.0], np.float32)
    half = to_float16(weights)
    assert np.array_equal(half != 0, weights != 0)
    assert np.array_equal(np.signbit(half), np.signbit(weights))
    assert np.abs(half.astype(np.float64) - weights).max() <= 65504 * 2.0**-11
    small = np.abs(weights) < 2.0**-14
    assert np.abs(half[small].astype(np.float64) - weights[small]).max() <= 2.0**-24
    assert np.array_equal(half[5:], weights[5:].astype(np.float16))
