import numpy as np
import pytest

from edgecompress.export.tflite.weights import smallest


def _weights(shape, sparsity, scale=0.1):
    random = np.random.default_rng(1)
    return (random.normal(0, scale, shape) * (random.random(shape) >= sparsity)).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "sparsity", "encoding"),
    [
        ((64, 3, 3, 64), 0.0, "float16"),
        ((64, 3, 3, 64), 0.2, "float16"),
        ((64, 3, 3, 64), 0.5, "csr-float16"),
        ((64, 3, 3, 64), 1.0, "csr-float32"),
        ((4, 4), 0.0, "float32"),
        ((3, 7), 0.9, "float32"),
    ],
)
def test_the_smallest_form_is_taken(shape, sparsity, encoding):
    assert smallest(_weights(shape, sparsity)).encoding == encoding


def test_a_tiny_tensor_says_why_it_stays_plain():
    assert "smaller plain" in smallest(_weights((4, 4), 0)).note


@pytest.mark.parametrize(
    ("value", "reason"), [(70000.0, "1 weights overflow"), (1e-9, "1 nonzero weights become zero")]
)
@pytest.mark.parametrize(("sparsity", "encoding"), [(0.0, "float32"), (0.9, "csr-float32")])
def test_float16_is_not_taken_where_it_loses_a_weight_and_the_note_says_so(value, reason, sparsity, encoding):
    weights = _weights((64, 64), sparsity)
    weights[3, 5] = value
    stored = smallest(weights)
    assert stored.encoding == encoding
    assert stored.note == f"not float16: {reason} in it"
