"""What every decoder must do: onnxruntime, running it, gives back each bit of what was encoded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgecompress import methods
from edgecompress.encode.choose import encoding
from edgecompress.encode.contract import NotApplied
from edgecompress.encode.weights import Weights

PATTERNS = [0] * 9 + [0x80000000, 0x3F800000, 0x7F800000, 0x7FC00001, 0xFFA5A5A5, 1, 0x7F7FFFFF]


@pytest.fixture
def check(evaluate):
    """Encode an array in every way that the encoding offers, decode each, and compare bit by bit."""

    def run(name: str, array: np.ndarray) -> int:
        decoder = methods.find("edgecompress.export.onnx_graph.decoders", name)
        weights = Weights(array)
        plans = encoding(name).plans(weights)
        if isinstance(plans, NotApplied):
            return 0
        for plan in plans:
            decoded = evaluate(decoder, encoding(name).encode(weights, plan))
            assert decoded.shape == array.shape
            assert decoded.tobytes() == array.tobytes(), plan.options
        return len(plans)

    return run


@pytest.fixture
def every_bit(check):
    """Any small array of awkward bit patterns, 0-D to 5-D."""

    def run(name: str) -> None:
        @settings(deadline=None, max_examples=25)
        @given(
            patterns=st.one_of(st.just(()), array_shapes(max_dims=5, max_side=6)).flatmap(
                lambda shape: arrays(np.uint32, shape, elements=st.sampled_from(PATTERNS))
            )
        )
        def examples(patterns):
            check(name, patterns.view(np.float32))

        examples()

    return run


@pytest.fixture
def every_width(check):
    """Arrays that need each width of an index."""

    def run(name: str) -> None:
        for distinct in (1, 2, 4, 7, 16, 30, 60, 100, 250):
            generator = np.random.default_rng(distinct)
            array = generator.integers(1, distinct + 1, (11, 7, 3, 3)).astype(np.float32)
            array[generator.random(array.shape) < 0.8] = 0
            assert check(name, array), f"{name} holds {distinct} distinct values"

    return run
