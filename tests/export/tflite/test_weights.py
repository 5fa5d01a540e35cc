import numpy as np
import pytest

from edgecompress.export.tflite.weights import smallest, to_float16


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


@pytest.mark.parametrize(("sparsity", "encoding"), [(0.0, "float32"), (0.9, "csr-float32")])
def test_float16_is_not_taken_where_a_weight_overflows_and_the_note_says_so(sparsity, encoding):
    weights = _weights((64, 64), sparsity)
    weights[3, 5] = 70000.0
    stored = smallest(weights)
    assert stored.encoding == encoding
    assert stored.note == "not float16: 1 weights overflow in it"


def test_rounding_makes_no_zeros_and_is_as_close_as_float16_can_be():
    weights = np.array([0.0, -0.0, 1e-9, -1e-30, 2.0**-25, 3e-6, 0.1, -65504.0], np.float32)
    half = to_float16(weights)
    assert np.array_equal(half != 0, weights != 0)
    assert np.array_equal(np.signbit(half), np.signbit(weights))
    assert np.abs(half.astype(np.float64) - weights).max() <= 65504 * 2.0**-11
    small = np.abs(weights) < 2.0**-14
    assert np.abs(half[small].astype(np.float64) - weights[small]).max() <= 2.0**-24
    assert np.array_equal(half[5:], weights[5:].astype(np.float16))


def test_one_tiny_weight_does_not_double_the_size_of_its_tensor():
    weights = _weights((64, 64), 0.9)
    before = smallest(weights)
    position = tuple(np.argwhere(weights != 0)[0])
    weights[position] = 1e-9
    after = smallest(weights)
    assert (after.encoding, after.note) == (before.encoding, before.note) == ("csr-float16", "")
