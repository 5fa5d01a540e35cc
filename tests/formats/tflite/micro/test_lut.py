import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.formats.tflite.micro import lut
from edgecompress.formats.tflite.micro.decode import ancillary


@pytest.mark.parametrize("values", [1, 2, 3, 4, 7, 8, 9, 16, 17, 33, 100, 128])
@pytest.mark.parametrize(("channels", "axis"), [(1, 0), (6, 0), (6, 1)])
def test_the_runtime_decodes_one_table_of_all_channels(by_runtime, values, channels, axis):
    random = np.random.default_rng(values)
    weights = (random.integers(0, values, (6, 101)) - 60).astype(np.int8)
    weights = weights if axis == 0 else np.ascontiguousarray(weights.T)
    coded = lut.encode(weights)
    assert np.array_equal(by_runtime(coded.indices, ancillary(coded), weights.shape, "int8", channels, axis), weights)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
def test_other_types_are_decoded_too(by_runtime, dtype):
    weights = np.random.default_rng(0).integers(-9, 9, (5, 30)).astype(dtype)
    coded = lut.encode(weights)
    assert np.array_equal(by_runtime(coded.indices, ancillary(coded), weights.shape, dtype), weights)


@given(st.integers(1, 128), st.integers(1, 300), st.integers(0, 1000))
def test_what_was_coded_is_read_again(values, count, seed):
    weights = np.random.default_rng(seed).integers(0, values, count).astype(np.int8)
    coded = lut.encode(weights)
    assert coded.bits <= max(1, (values - 1).bit_length())
    assert np.array_equal(lut.decode(coded, weights.shape, 1, last=False), weights)


def test_more_values_than_indices_can_name_have_no_table():
    assert lut.encode(np.arange(129).astype(np.uint8).view(np.int8)) is None


@pytest.mark.parametrize(
    ("changed", "shape", "channels"),
    [
        ({"indices": np.zeros(2, np.uint8)}, (40,), 1),
        ({"values": np.zeros(3, np.int8)}, (40,), 1),
        ({"bits": 0}, (40,), 1),
        ({"stride": 8}, (40,), 4),
        ({}, (40,), 3),
    ],
)
def test_a_code_that_does_not_fit_is_refused(changed, shape, channels):
    coded = lut.encode(np.arange(40, dtype=np.int8) % 8)
    given = {"indices": coded.indices, "values": coded.values, "bits": coded.bits, "stride": coded.stride} | changed
    with pytest.raises(ValueError, match=r"too early|do not fit"):
        lut.decode(lut.LutCoded(**given), shape, channels, last=False)
