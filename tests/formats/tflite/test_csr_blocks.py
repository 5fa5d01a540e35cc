"""Blocked CSR gives back every bit, and LiteRT expands it as it does plain CSR."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgecompress.formats.tflite import csr, csr_blocks
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.reader import constants
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize

in_blocks = pytest.mark.usefixtures("block_size")


@in_blocks
@pytest.mark.parametrize(("dtype", "length"), [(np.float16, 2), (np.float16, 4), (np.float32, 2), (np.int8, 8)])
@given(data=st.data())
def test_unpack_gives_back_every_bit_for_every_inner_dimension(dtype, length, data):
    blocks, *others = data.draw(arrays.array_shapes(min_dims=2, max_dims=4, max_side=5))
    elements = st.sampled_from([0, 0, 1, -3]) if dtype == np.int8 else st.sampled_from([0.0, 0.0, -0.0, 1.5, np.nan])
    array = data.draw(arrays.arrays(dtype, (blocks * length, *others), elements=elements))
    assert csr_blocks.fits(array, length)
    for inner, size in csr_blocks.sizes(array, length).items():
        packed = csr_blocks.pack(array, inner, length)
        assert packed.bytes == size
        assert csr.unpack(packed).tobytes() == array.tobytes()


def test_an_index_serves_the_outputs_of_a_block():
    array = np.array([[0, 1, 0], [0, 2, 0], [3, 0, 0], [0, 0, 0]], np.float16)
    packed = csr_blocks.pack(array, 1, 2)
    assert packed.segments.tolist() == [0, 1, 2]
    assert packed.indices.tolist() == [1, 0]
    assert packed.values.tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize(
    ("shape", "dtype", "length"), [((5, 4), np.float16, 2), ((8, 4), np.float32, 4), ((8,), "f2", 2)]
)
def test_what_is_not_made_of_blocks_does_not_fit(shape, dtype, length):
    assert not csr_blocks.fits(np.zeros(shape, dtype), length)


@pytest.mark.parametrize("code", ["CONV_2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_litert_and_the_reader_expand_it(code, dtype, litert, tmp_path):
    random = np.random.default_rng(0)
    matrix = (random.normal(size=(24, 300)) * np.repeat(random.random((12, 300)) < 0.1, 2, 0)).astype(dtype)
    weight = matrix.reshape(24, 1, 1, 300) if code == "CONV_2D" else matrix
    options = {"fusedActivationFunction": 0}
    if code == "CONV_2D":
        options |= {"padding": 1, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    else:
        options |= {"weightsFormat": 0, "keepNumDims": False, "asymmetricQuantizeInputs": False}
    places = (1, 2, 2) if code == "CONV_2D" else (4,)
    given_, made = Tensor("x", (*places, 300)), Tensor("y", (*places, 24))
    held = Tensor("w", weight.shape, weight.astype(np.float32), True)
    layer = TfliteOperator(code, [given_, held, Tensor("b", (24,), np.zeros(24, np.float32))], made, options)
    stored = Stored(csr_blocks.pack(weight, weight.ndim - 1, 2))
    data = serialize(TfliteGraph([given_], [made], [layer]), {held: stored})
    x = random.normal(size=(*places, 300)).astype(np.float32)

    outputs = litert.run(tmp_path, data, {"x": x})

    read = next(each for each in constants(data, "a.tflite") if each.name == "w")
    assert stored.is_read_as(read.array)
    np.testing.assert_allclose(outputs["y"], x @ matrix.T.astype(np.float32), atol=1e-4)
