import numpy as np

from edgecompress.encode.encodings import raw
from edgecompress.encode.weights import Weights


def test_the_array_is_stored_as_it_is():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    weights = Weights(array)
    (plan,) = raw.plans(weights)
    assert plan.size == 24
    assert raw.encode(weights, plan).arrays["values"] is array
