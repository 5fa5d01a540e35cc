import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode import single
from edgecompress.encode.weights import Weights


@given(data=st.data())
@pytest.mark.parametrize("kind", ["raw", "float16", "constant"])
def test_every_kind_keeps_every_bit_or_declines(float_arrays, kind, data):
    array = data.draw(float_arrays)
    encoded = single.encode(Weights(array), kind)
    if encoded is None:
        assert kind != "raw"
        return
    decoded = single.decode(encoded)
    assert (decoded.shape, decoded.dtype) == (array.shape, np.float32)
    assert decoded.tobytes() == array.tobytes()
    assert encoded.size == {"raw": 4, "float16": 2}.get(kind, 0) * array.size + 4 * (kind == "constant")


@pytest.mark.parametrize(
    ("array", "kinds"),
    [
        (np.full((3, 4), 0.1, np.float32), {"raw", "constant"}),
        (np.array(-0.0, np.float32), {"raw", "float16", "constant"}),
        (np.array([0.0, -0.0], np.float32), {"raw", "float16"}),
        (np.array([np.nan, np.nan], np.float32), {"raw", "float16", "constant"}),
        (np.zeros((0, 3), np.float32), {"raw"}),
        (np.array([0.1, 0.2], np.float32), {"raw"}),
    ],
)
def test_which_kinds_hold_what(array, kinds):
    assert {kind for kind in ("raw", "float16", "constant") if single.encode(Weights(array), kind)} == kinds


def test_the_cheapest_kind_wins_and_the_plainest_among_equals():
    half, same = Weights(np.arange(6, dtype=np.float32)), Weights(np.ones(6, np.float32))
    assert single.alone(half, lambda found: found.size).kind == "float16"
    assert single.alone(same, lambda found: found.size).kind == "constant"
    assert single.alone(same, lambda found: 7).kind == "raw"
