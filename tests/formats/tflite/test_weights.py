import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgecompress.encode.half import to_float16
from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.consumers import Use
from edgecompress.formats.tflite.scales import quantize
from edgecompress.formats.tflite.weights import Stored, choose

LAYER = Use(channel_axis=0, chained=True, hybrid=True)
OTHER = Use(channel_axis=None, chained=False, hybrid=False)


def _weights(shape, sparsity, scale=0.1):
    random = np.random.default_rng(1)
    kept = random.random(shape) >= sparsity
    return np.where(kept, random.normal(0, scale, shape), 0).astype(np.float32)


def _quantized(shape, sparsity, channels=True):
    random = np.random.default_rng(2)
    integers = random.integers(-127, 128, shape) * (random.random(shape) >= sparsity)
    scales = random.uniform(0.01, 0.02, (shape[0] if channels else 1, *[1] * (len(shape) - 1)))
    return integers.astype(np.float32) * scales.astype(np.float32)


@pytest.mark.parametrize(
    ("array", "weights", "encoding", "expected"),
    [
        (_weights((64, 3, 3, 64), 0.0), "float16", "smallest", "float16"),
        (_weights((64, 3, 3, 64), 0.2), "float16", "smallest", "float16"),
        (_weights((64, 3, 3, 64), 0.5), "float16", "smallest", "csr-float16"),
        (_weights((64, 3, 3, 64), 1.0), "float16", "smallest", "csr-float32"),
        (_weights((4, 4), 0.0), "float16", "smallest", "float32"),
        (_weights((3, 7), 0.9), "float16", "smallest", "float32"),
        (_weights((64, 3, 3, 64), 0.9), "float16", "fast-load", "float16"),
        (_weights((64, 3, 3, 64), 0.9), "float32", "fast-load", "float32"),
        (_weights((64, 3, 3, 64), 0.9), "float32", "smallest", "csr-float32"),
        (_weights((64, 3, 3, 64), 0.0), "float32", "smallest", "float32"),
        (_weights((64, 3, 3, 64), 0.0), "int8", "smallest", "int8"),
        (_weights((64, 3, 3, 64), 0.9), "int8", "smallest", "csr-int8"),
        (_weights((64, 3, 3, 64), 0.9), "int8", "fast-load", "float16"),
        (_weights((64, 3, 3, 64), 0.9), "int8-hybrid", "smallest", "int8"),
        (_weights((4, 4), 0.0), "int8-hybrid", "smallest", "float32"),
        # What fits a smaller type exactly is stored in it even where nothing may be rounded.
        (_weights((64, 64), 0.0).astype(np.float16).astype(np.float32), "float32", "smallest", "float16"),
        (_weights((64, 64), 0.9).astype(np.float16).astype(np.float32), "float32", "smallest", "csr-float16"),
        (_quantized((64, 64), 0.0), "float32", "smallest", "int8"),
        (_quantized((64, 640), 0.9), "float32", "smallest", "csr-int8"),
        (_quantized((64, 64), 0.9, channels=False), "float32", "smallest", "csr-int8"),
    ],
)
def test_the_smallest_form_that_is_allowed_is_taken(array, weights, encoding, expected):
    stored = choose(array, LAYER, weights=weights, encoding=encoding)
    assert stored.encoding == expected
    if weights == "float32":
        assert stored.decoded().tobytes() == array.tobytes()


@given(
    array=arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=2, max_dims=4, max_side=12),
        elements=st.one_of(st.just(0.0), st.floats(width=32), st.integers(-5, 5).map(float)),
    ),
    use=st.sampled_from([LAYER, OTHER, Use(1, chained=True, hybrid=False)]),
    encoding=st.sampled_from(["smallest", "fast-load"]),
)
def test_any_array_survives_bit_by_bit_where_nothing_may_be_rounded(array, use, encoding):
    repeated = np.tile(array, (40,) + (1,) * (array.ndim - 1))  # long enough for other forms to pay
    for each in (array, repeated):
        stored = choose(each, use, weights="float32", encoding=encoding)
        assert stored.decoded().tobytes() == each.tobytes()
        assert stored.bytes <= each.nbytes


in_blocks = pytest.mark.usefixtures("block_size")
INTEGERS, SCALES = quantize(_weights((6, 19), 0.5), 0)


@in_blocks
@pytest.mark.parametrize(
    "stored",
    [
        Stored(_weights((6, 19), 0.5)),
        Stored(to_float16(_weights((6, 19), 0.5))),
        Stored(csr.pack(to_float16(_weights((6, 19), 0.5)), 1)),
        Stored(INTEGERS, SCALES),
        Stored(csr.pack(INTEGERS, 0), SCALES),
        Stored(INTEGERS, SCALES, hybrid=True),
    ],
)
def test_what_operators_read_is_what_is_decoded_and_nothing_else(stored):
    read = INTEGERS if stored.hybrid else stored.decoded()
    assert stored.is_read_as(read)
    assert stored.is_read_as(np.asfortranarray(read))
    assert not stored.is_read_as(read.reshape(19, 6))
    other = read.copy()
    other[5, 18] = np.nextafter(other[5, 18], np.float32(9)) if other.dtype == np.float32 else other[5, 18] + 1
    assert not stored.is_read_as(other)


@in_blocks
@pytest.mark.parametrize(
    ("shape", "others", "dimension"),
    [
        ((64, 3, 3, 32), 0, 3),  # the first dimension saves less than a tenth
        ((16, 3, 3, 3), 10**6, 3),  # it saves a third of a small weight, and nothing of the file
        ((120, 400), 10_000, 0),  # an index of one byte instead of two, in a small network
        ((256, 1, 1, 1024), 25 * 10**6, 3),  # the same in a large one
        ((64, 5, 5, 2), 0, 0),  # rows of two
    ],
)
def test_the_last_dimension_is_compressed_unless_another_saves_much(shape, others, dimension):
    array = _weights(shape, 0.9).astype(np.float16).astype(np.float32)
    stored = choose(array, LAYER, file_weights=array.size + others)
    found = stored.array.traversal[-1] if isinstance(stored.array, csr.Csr) else None
    assert found == dimension


def test_the_order_of_strides_makes_no_difference():
    array = _weights((40, 60), 0.6)
    for weights in ("float32", "float16", "int8", "int8-hybrid"):
        plain, turned = (choose(each, LAYER, weights=weights) for each in (array, np.asfortranarray(array)))
        assert (plain.encoding, plain.bytes, plain.note) == (turned.encoding, turned.bytes, turned.note)
        assert plain.values.tobytes() == turned.values.tobytes()


@in_blocks
@pytest.mark.parametrize("weights", ["float16", "int8", "int8-hybrid"])
@pytest.mark.parametrize("sparsity", [0.0, 0.9])
def test_rounding_keeps_every_zero_and_makes_none(weights, sparsity):
    array = _weights((32, 3, 3, 32), sparsity) ** 3  # many weights near zero
    decoded = choose(array, LAYER, weights=weights).decoded()
    assert np.array_equal(decoded != 0, array != 0)
    assert np.abs(decoded - array).max() < np.abs(array).max() / 127


def test_what_an_operator_outside_xnnpack_reads_has_no_two_decoders_and_the_note_says_so():
    array = _weights((64, 64), 0.9).astype(np.float16).astype(np.float32)
    stored = choose(array, OTHER, weights="float32")
    assert len(stored.steps) == 1
    assert "XNNPACK does not run" in stored.note


def test_a_tiny_tensor_says_why_it_stays_plain():
    assert "smaller plain" in choose(_weights((4, 4), 0), LAYER).note


@pytest.mark.parametrize(("sparsity", "encoding"), [(0.0, "float32"), (0.9, "csr-float32")])
def test_float16_is_not_taken_where_a_weight_overflows_and_the_note_says_so(sparsity, encoding):
    weights = _weights((64, 64), sparsity)
    weights[3, 5] = 70000.0
    stored = choose(weights, LAYER)
    assert stored.encoding == encoding
    assert stored.note == "not float16: 1 weights overflow in it"


def test_one_tiny_weight_does_not_double_the_size_of_its_tensor():
    weights = _weights((64, 64), 0.9)
    before = choose(weights, LAYER)
    position = tuple(np.argwhere(weights != 0)[0])
    weights[position] = 1e-9
    after = choose(weights, LAYER)
    assert (after.encoding, after.note) == (before.encoding, before.note) == ("csr-float16", "")
