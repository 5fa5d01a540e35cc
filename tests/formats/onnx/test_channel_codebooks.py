import numpy as np
import onnx_ir as ir
import pytest

from edgecompress.formats.onnx.builder import Builder, NameScope
from edgecompress.formats.onnx.channel_codebooks import find


def folded(shape, kept=0.2, values=15, seed=0, factors=None):
    """Weights of a few values, each output channel times a factor of its own, of either sign, in float32."""
    random = np.random.default_rng(seed)
    book = random.normal(0, 0.05, values).astype(np.float32)
    weight = np.where(random.random(shape) < kept, book[random.integers(0, values, shape)], np.float32(0))
    factors = random.uniform(-3, 3, shape[0]).astype(np.float32) if factors is None else factors
    return weight * factors.reshape(-1, *[1] * (len(shape) - 1)) + np.float32(0)


def listed(shape, seed=0):
    """Each channel has values that no factor makes of another's."""
    random = np.random.default_rng(seed)
    books = random.normal(0, 0.05, (shape[0], 7)).astype(np.float32)
    return books[np.arange(shape[0])[:, None], random.integers(0, 7, shape)]


def made(found):
    """What onnxruntime makes of the operators, and how many bytes they and their constants take."""
    import onnxruntime

    build = Builder(NameScope(set(), 17))
    weight, _ = found.build(build)
    weight.type, weight.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape(found.shape)
    graph = ir.Graph([], [weight], nodes=build.nodes, initializers=build.initializers, opset_imports={"": 17}, name="g")
    data = ir.to_proto(ir.Model(graph, ir_version=8)).SerializeToString()
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {})[0]


@pytest.mark.parametrize(
    ("array", "axis", "products"),
    [
        (folded((40, 48, 3, 3)), 0, True),
        (folded((40, 400), kept=1.1), 0, True),
        (np.ascontiguousarray(folded((40, 600)).T), 1, True),
        (listed((40, 400)), 0, False),
        (np.ascontiguousarray(listed((30, 400)).T), 1, False),
    ],
    ids=["convolution", "no zeros", "matrix of outputs last", "values listed", "listed, last"],
)
def test_weights_whose_channels_have_few_values_come_back_bit_by_bit(array, axis, products):
    found = find(array)
    assert (found.axis, found.base is not None) == (axis, products)
    assert np.count_nonzero(found.indices) == np.count_nonzero(array) or not found.has_zeros
    assert len(np.unique(found.indices)) <= 16
    assert made(found).tobytes() == array.tobytes()


def test_a_factor_of_zero_and_channels_without_values_stay():
    factors = np.linspace(-2, 2, 33, dtype=np.float32)
    array = folded((33, 600), factors=factors)
    array[5] = 0  # pruned as a whole
    assert not array[16].any()
    assert made(find(array)).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(0).normal(size=(40, 400)).astype(np.float32),
        folded((40, 400), factors=np.ones(40, np.float32)),  # one codebook: a palette is smaller
        folded((4, 30)),  # the operators take more than the values
        np.float32([1, 2, 3]),
        np.zeros((4, 400), np.float32),
        np.zeros((0, 4), np.float32),
    ],
    ids=["noise", "palette", "small", "vector", "zeros", "empty"],
)
def test_others_are_left_alone(array):
    assert find(array) is None


def test_a_value_that_is_off_by_one_unit_is_kept_as_it_is():
    array = folded((40, 600))
    place = tuple(index[3] for index in np.nonzero(array))
    array[place] = np.nextafter(array[place], np.float32(9))
    found = find(array)
    assert found is None or made(found).tobytes() == array.tobytes()
