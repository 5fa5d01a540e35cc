import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgecompress.encode.contract import NotApplied
from edgecompress.encode.encodings import palette as encoding
from edgecompress.encode.weights import Weights
from edgecompress.export.onnx_graph.decoders.palette import palette

PATTERNS = [0] * 9 + [0x80000000, 0x3F800000, 0x7F800000, 0x7FC00001, 0xFFA5A5A5, 1, 0x7F7FFFFF]


def check(evaluate, array):
    weights = Weights(array)
    plans = encoding.plans(weights)
    if isinstance(plans, NotApplied):
        return
    for plan in plans:
        decoded = evaluate(palette, encoding.encode(weights, plan))
        assert decoded.shape == array.shape
        assert decoded.tobytes() == array.tobytes(), plan.options


# The fixture is a plain function without state.
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    patterns=st.one_of(st.just(()), array_shapes(max_dims=5, max_side=6)).flatmap(
        lambda shape: arrays(np.uint32, shape, elements=st.sampled_from(PATTERNS))
    )
)
def test_onnxruntime_decodes_every_bit(evaluate, patterns):
    check(evaluate, patterns.view(np.float32))


@pytest.mark.parametrize("distinct", [1, 2, 4, 7, 16, 30, 60, 100, 250])
def test_onnxruntime_decodes_every_index_width(evaluate, distinct):
    generator = np.random.default_rng(distinct)
    array = generator.integers(1, distinct + 1, (11, 7, 3, 3)).astype(np.float32)
    array[generator.random(array.shape) < 0.8] = 0
    check(evaluate, array)
