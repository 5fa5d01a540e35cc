import numpy as np

from edgecompress.encode.encodings import palette
from edgecompress.encode.weights import Weights


def test_stored_bytes_of_a_small_palette():
    weights = Weights(np.array([[0.0, 1.0, 2.0], [2.0, 0.0, 1.0]], np.float32))
    plan = next(plan for plan in palette.plans(weights) if plan.options == {"index_bits": 2})
    arrays = palette.encode(weights, plan).arrays
    assert arrays["codebook"].tolist() == [0.0, 1.0, 2.0]
    # indices 0 1 2 2 0 1, two bits each, the first lowest
    assert arrays["indices"].tolist() == [[0b10_10_01_00], [0b00_00_01_00]]


def test_the_narrowest_width_is_the_logarithm_of_the_distinct_values():
    for distinct, width in [(1, 1), (2, 1), (3, 2), (16, 4), (17, 5), (256, 8)]:
        assert palette.plans(Weights(np.arange(distinct, dtype=np.float32)))[0].options == {"index_bits": width}
