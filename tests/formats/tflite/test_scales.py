import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgecompress.formats.tflite import scales
from edgecompress.formats.tflite.scales import Scales

pytestmark = pytest.mark.usefixtures("block_size")

INTEGERS = arrays.arrays(np.int8, arrays.array_shapes(min_dims=2, max_dims=4, max_side=8))
SCALE = st.floats(2.0**-60, 2.0**60, width=32)


@given(INTEGERS, SCALE)
def test_any_product_of_int8_and_one_scale_is_found_again(integers, scale):
    array = integers.astype(np.float32) * np.float32(scale)
    found = scales.find(array, None)
    assert found is not None
    assert found[1].times(found[0]).tobytes() == array.tobytes()


@given(INTEGERS, st.data())
def test_any_product_with_a_scale_a_channel_is_found_again(integers, data):
    axis = data.draw(st.integers(0, integers.ndim - 1))
    count = integers.shape[axis]
    values = np.array(data.draw(st.lists(SCALE, min_size=count, max_size=count)), np.float32)
    array = Scales(values, axis).times(integers)
    found = scales.find(array, axis)
    assert found is not None
    assert found[1].times(found[0]).tobytes() == array.tobytes()


def test_what_torch_quantised_and_dequantised_is_found_again():
    torch.manual_seed(0)
    weight = torch.randn(16, 8, 3, 3)
    channels = weight.abs().amax((1, 2, 3)) / 127
    rounded = torch.fake_quantize_per_channel_affine(weight, channels, torch.zeros(16, dtype=torch.int32), 0, -128, 127)
    array = rounded.numpy()
    integers, found = scales.find(array, 0)
    np.testing.assert_allclose(found.values, channels, rtol=1e-6)
    assert found.times(integers).tobytes() == array.tobytes()
    whole = torch.fake_quantize_per_tensor_affine(weight, 0.013, 0, -128, 127).numpy()
    integers, found = scales.find(whole, 0)
    assert found.values.shape == (1,)
    assert found.times(integers).tobytes() == whole.tobytes()


@given(arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=3, max_side=6), elements=st.floats(width=32)))
def test_what_is_found_is_exact_or_nothing(array):
    for axis in (None, 0, 1):
        found = scales.find(array, axis)
        assert found is None or found[1].times(found[0]).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(0).normal(size=(4, 300)),
        np.array([[1.0, 129.0]]),
        np.array([[1.0, -129.0]]),
        np.array([[1.0, 128.0]]),
        np.array([[1.0, np.nextafter(np.float32(2), np.float32(3))]]),
        np.array([[1.0, np.nan]]),
        np.array([[1.0, np.inf]]),
        np.array([[1.0, -0.0]]),
        np.zeros((0, 3)),
    ],
)
def test_what_is_no_product_is_not_taken_for_one(array):
    assert scales.find(array.astype(np.float32), 0) is None


def test_minus_128_is_an_int8_too():
    array = np.array([[1.0, -128.0]], np.float32)
    integers, found = scales.find(array, None)
    assert integers.min() == -128
    assert found.times(integers).tobytes() == array.tobytes()


@given(
    arrays.arrays(np.float32, (5, 7), elements=st.one_of(st.just(0.0), st.floats(-1000, 1000, width=32))),
    st.integers(0, 1),
)
def test_rounding_is_off_by_half_a_step_or_keeps_a_weight_from_becoming_zero(array, axis):
    integers, found = scales.quantize(array, axis)
    decoded = found.times(integers)
    assert np.array_equal(decoded != 0, array != 0)
    assert np.array_equal(np.sign(decoded), np.sign(array))
    step = np.expand_dims(found.values, 1 - axis).astype(np.float64)
    off = np.abs(decoded.astype(np.float64) - array)
    kept = np.abs(array) < step / 2
    assert (off <= np.where(kept, step, step / 2) * (1 + 1e-5)).all()
