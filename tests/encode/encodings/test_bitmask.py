import numpy as np

from edgecompress.encode.encodings import bitmask
from edgecompress.encode.weights import Weights


def test_stored_bytes_of_a_small_mask():
    weights = Weights(np.array([0, 5, 0, 0, 7, 0, 0, 0, 5], np.float32))
    plan = next(plan for plan in bitmask.plans(weights) if plan.options["index_bits"] == 1)
    arrays = bitmask.encode(weights, plan).arrays
    assert arrays["mask"].tolist() == [[0b00010010], [0b1]]
    assert arrays["codebook"].tolist() == [5.0, 7.0]
    assert arrays["indices"].tolist() == [[0b010]]


def test_minus_zero_is_a_value_and_not_a_gap_in_the_mask():
    weights = Weights(np.array([0.0, -0.0], np.float32))
    plan = bitmask.plans(weights)[0]
    assert bitmask.encode(weights, plan).arrays["mask"].tolist() == [[0b10]]
