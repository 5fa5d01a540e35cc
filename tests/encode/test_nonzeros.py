import numpy as np
import pytest

from edgecompress.encode import nonzeros
from edgecompress.encode.weights import Weights


def test_few_values_may_be_indexed_and_many_are_stored_plain():
    few, many = np.zeros(2000, np.float32), np.zeros(2000, np.float32)
    few[::2] = np.arange(1000) % 20 + 1
    many[::2] = np.arange(1, 1001)
    assert [width for width, _ in nonzeros.layouts(Weights(few))] == [nonzeros.PLAIN, 5, 8]
    assert [width for width, _ in nonzeros.layouts(Weights(many))] == [nonzeros.PLAIN]


@pytest.mark.parametrize("index_bits", [nonzeros.PLAIN, 2, 8])
def test_values_come_back_in_order(index_bits):
    weights = Weights(np.array([0, 3, -1, 0, 0, 3, 7], np.float32))
    assert nonzeros.restore(nonzeros.store(weights, index_bits), index_bits, 4).tolist() == [3, -1, 3, 7]
