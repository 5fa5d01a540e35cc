"""What every encoding promises, tried on all of them."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgecompress import methods
from edgecompress.encode.choose import ENCODINGS, encoding
from edgecompress.encode.contract import NotApplied
from edgecompress.encode.weights import Weights

# +0.0, -0.0, 1.0, infinities, quiet and signalling NaN with payloads, least denormal, largest float
SPECIAL = [0, 0x80000000, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00001, 0xFFA5A5A5, 0x7F800001, 1, 0x7F7FFFFF]


@st.composite
def float_arrays(draw):
    shape = draw(st.one_of(st.just(()), array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=7)))
    sparse, binary = st.sampled_from([0] * 12 + SPECIAL), st.sampled_from([0, 0x3F800000])
    elements = draw(st.sampled_from([sparse, binary, st.integers(0, 2**32 - 1)]))
    return draw(arrays(np.uint32, shape, elements=elements)).view(np.float32)


def many_values(distinct, zeros):
    """``distinct`` different nonzero bit patterns among ``zeros`` zeros, shuffled."""
    patterns = np.concatenate([np.arange(1, distinct + 1, dtype=np.uint32) * 65_537, np.zeros(zeros, np.uint32)])
    return np.random.default_rng(1).permutation(patterns).view(np.float32)


@pytest.mark.parametrize("name", methods.choices(ENCODINGS))
@given(array=float_arrays())
@example(array=many_values(255, 0))
@example(array=many_values(256, 0))
@example(array=many_values(255, 3000))
@example(array=many_values(256, 3000))
@example(array=many_values(257, 3000))
@example(array=many_values(1, 5000))
@example(array=many_values(65_540, 9))
@example(array=np.zeros((3, 4), np.float32).T)
@example(array=np.arange(24, dtype=np.float32).reshape(4, 6)[:, ::2].T)
def test_every_plan_keeps_every_bit_in_exactly_the_bytes_it_states(name, array):
    method = encoding(name)
    weights = Weights(array)
    plans = method.plans(weights)
    if isinstance(plans, NotApplied):
        assert plans.reason
        return
    for plan in plans:
        encoded = method.encode(weights, plan)
        assert encoded.size == plan.size == sum(stored.nbytes for stored in encoded.arrays.values())
        assert {k: (a.dtype.name, a.shape) for k, a in encoded.arrays.items()} == dict(plan.arrays)
        decoded = method.decode(encoded)
        assert (decoded.shape, decoded.dtype) == (array.shape, np.float32)
        assert decoded.tobytes() == array.tobytes()


def test_which_encodings_refuse_what_and_why():
    def reason(name, array):
        plans = encoding(name).plans(Weights(array))
        return plans.reason if isinstance(plans, NotApplied) else None

    assert "256 distinct" in reason("palette", many_values(257, 0))
    assert reason("palette", many_values(256, 0)) is None
    assert reason("gaps", many_values(256, 1)) is None
    for name in ("bitmask", "gaps"):
        assert "no nonzero" in reason(name, np.zeros(5, np.float32))
        assert "no zero" in reason(name, np.ones(5, np.float32))
        assert "empty" in reason(name, np.zeros((0, 3), np.float32))
    assert reason("raw", np.zeros((0, 3), np.float32)) is None
