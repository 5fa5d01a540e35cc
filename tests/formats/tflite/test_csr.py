import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgecompress.encode import chunks
from edgecompress.formats.tflite import csr

pytestmark = pytest.mark.usefixtures("block_size")

ELEMENTS = {
    np.float16: st.one_of(st.just(0.0), st.floats(-60000, 60000, width=16)),
    np.float32: st.one_of(st.just(0.0), st.just(-0.0), st.floats(width=32)),
    np.int8: st.one_of(st.just(0), st.integers(-128, 127)),
}


@pytest.mark.parametrize("dtype", list(ELEMENTS))
@given(data=st.data())
def test_unpack_gives_back_every_bit_for_every_inner_dimension(dtype, data):
    shapes = arrays.array_shapes(min_dims=1, max_dims=4, max_side=6)
    array = data.draw(arrays.arrays(dtype, shapes, elements=ELEMENTS[dtype]))
    for inner in range(array.ndim):
        packed = csr.pack(array, inner)
        assert csr.size(array.shape, csr.nonzeros(array), inner, array.itemsize) == packed.bytes
        assert csr.unpack(packed).tobytes() == array.tobytes()


@given(
    arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=ELEMENTS[np.float32])
)
def test_a_matrix_is_packed_as_scipy_packs_it(array):
    array += np.float32(0)  # scipy keeps no -0.0
    if not array.any():
        return
    packed, reference = csr.pack(array, 1), scipy.sparse.csr_array(array)
    np.testing.assert_array_equal(packed.segments, reference.indptr)
    np.testing.assert_array_equal(packed.indices, reference.indices)
    np.testing.assert_array_equal(packed.values, reference.data)


@pytest.mark.parametrize(
    ("shape", "index", "segment"),
    [((2, 256), np.uint8, np.uint16), ((2, 257), np.uint16, np.uint16), ((3, 2, 65537), np.int32, np.int32)],
)
def test_index_types_are_as_narrow_as_the_largest_number_allows(shape, index, segment):
    packed = csr.pack(np.ones(shape, np.float16), len(shape) - 1)
    assert packed.indices.dtype == index
    assert packed.segments.dtype == segment
    assert csr.unpack(packed).all()


def test_zeros_keep_one_value_because_a_tensor_without_data_is_no_constant():
    packed = csr.pack(np.zeros((3, 4), np.float32), 1)
    assert len(packed.values) == 1
    assert not csr.unpack(packed).any()


@pytest.mark.parametrize("shape", [(3, 13), (2, 3, 17), (40,), (2, 9, 2, 2)])
def test_a_block_may_end_within_a_row(monkeypatch, shape):
    random = np.random.default_rng(0)
    array = (random.integers(-9, 9, shape) * (random.random(shape) < 0.5)).astype(np.float16)
    expected = [csr.pack(array, inner) for inner in range(array.ndim)]
    monkeypatch.setattr(chunks, "ELEMENTS", 5)
    for whole in expected:
        packed = csr.pack(array, whole.traversal[-1])
        for part in ("segments", "indices", "values"):
            left, right = getattr(packed, part), getattr(whole, part)
            assert (left.dtype, left.tobytes()) == (right.dtype, right.tobytes())
        assert csr.unpack(packed).tobytes() == array.tobytes()


def test_expand_reads_blocks_and_several_sparse_dimensions():
    # A 4x4 matrix in 2x2 blocks; each row of blocks holds one block.
    dense = np.zeros((4, 4), np.float32)
    dense[0:2, 2:4] = [[1, 2], [3, 4]]
    dense[2:4, 0:2] = [[5, 6], [7, 8]]
    levels = [2, (np.array([0, 1, 2]), np.array([1, 0])), 2, 2]
    values = np.arange(1, 9, dtype=np.float32)
    np.testing.assert_array_equal(csr.expand((4, 4), (0, 1, 2, 3), (0, 1), levels, values), dense)
    twice = [(np.array([0, 2]), np.array([0, 2])), (np.array([0, 1, 3]), np.array([1, 0, 2]))]
    found = csr.expand((3, 3), (0, 1), (), twice, np.array([1, 2, 3], np.float32))
    np.testing.assert_array_equal(found, [[0, 1, 0], [0, 0, 0], [2, 0, 3]])


SEGMENTS, INDICES, VALUES = np.array([0, 1, 2]), np.array([1, 0]), np.ones(2, np.float32)


@pytest.mark.parametrize(
    ("shape", "traversal", "levels", "values"),
    [
        ((2, 2), (0, 1), [2, (SEGMENTS[:2], INDICES)], VALUES),
        ((2, 2), (0, 1), [2, (SEGMENTS[::-1], INDICES)], VALUES),
        ((2, 2), (0, 1), [2, (SEGMENTS, INDICES + 1)], VALUES),
        ((2, 2), (0, 1), [2, (SEGMENTS, INDICES - 1)], VALUES),
        ((2, 2), (0, 1), [2, (SEGMENTS, INDICES[:1])], VALUES),
        ((2, 2), (0, 1), [2, (SEGMENTS, INDICES)], VALUES[:1]),
        ((2, 2), (0, 0), [2, (SEGMENTS, INDICES)], VALUES),
        ((2, 2), (0, 2), [2, (SEGMENTS, INDICES)], VALUES),
        ((2, 2), (0, 1), [2], VALUES),
        ((1, 2), (0, 1), [2, (SEGMENTS, INDICES)], VALUES),
        ((2, 2), (0, 1), [2**31, 2**31], VALUES),
        ((2, 2), (0, 1), [0, (SEGMENTS[:1], INDICES[:0])], VALUES[:0]),
    ],
)
def test_parts_that_do_not_fit_are_an_error_before_memory_is_taken(shape, traversal, levels, values):
    with pytest.raises(ValueError, match=r"its|outside|empty"):
        csr.expand(shape, traversal, (), levels, values)
