import numpy as np
import pytest

from edgecompress.encode import nonzeros
from edgecompress.encode.contract import Encoded
from edgecompress.encode.weights import Weights
from edgecompress.export.onnx_graph.values import values


@pytest.mark.parametrize("index_bits", [2, 4, 8, nonzeros.PLAIN])
def test_values_come_in_the_order_of_the_nonzeros(evaluate, index_bits):
    weights = Weights(np.array([0, 3, -1, 0, 0, 3, 7], np.float32))

    def identity(build, encoded):
        build.op("Identity", values(build, index_bits, 4))

    encoded = Encoded("values", (4,), {}, nonzeros.store(weights, index_bits))
    assert evaluate(identity, encoded).tolist() == [3, -1, 3, 7]
