import itertools

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.scales import Scales, quantize
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize


def _sum(weights):
    """x + weights: the runtime's output is then the weights as it decodes them."""
    x, y = Tensor("x", weights.shape), Tensor("y", weights.shape)
    w = Tensor("w", weights.shape, weights, compressible=True)
    return TfliteGraph([x], [y], [TfliteOperator("ADD", [x, w], y)]), w


def _sparse(shape, sparsity=0.9):
    random = np.random.default_rng(2)
    kept = random.random(shape) >= sparsity
    return np.where(kept, random.normal(0, 1, shape), 0).astype(np.float16).astype(np.float32)


SHAPES = [(5, 7), (300, 9), (9, 300), (4, 3, 3, 5), (2, 3, 1, 700), (1, 3, 3, 40), (3, 70000)]


@pytest.mark.parametrize(("shape", "dtype"), itertools.product(SHAPES, (np.float16, np.float32, np.int8)))
def test_litert_decodes_every_form_bit_by_bit(litert, tmp_path, shape, dtype):
    weights = _sparse(shape)
    plain, scales = weights.astype(dtype), [None]
    if dtype == np.int8:
        plain = np.clip(np.rint(weights * 50), -127, 127).astype(np.int8)
        values = np.random.default_rng(3).uniform(0.001, 0.2, max(shape)).astype(np.float32)
        scales = [Scales(values[:1]), *(Scales(values[:size], axis) for axis, size in enumerate(shape) if size > 1)]
    arrays = [plain, *(csr.pack(plain, inner) for inner in range(weights.ndim))]
    for form in [Stored(array, scale) for array in arrays for scale in scales]:
        expected = form.decoded()
        graph, w = _sum(expected)
        outputs = litert.run(tmp_path, serialize(graph, {w: form}), {"x": np.zeros(shape, np.float32)})
        assert outputs["y"].tobytes() == expected.tobytes()


def test_litert_decodes_a_tensor_of_zeros(litert, tmp_path):
    graph, w = _sum(np.zeros((5, 7), np.float32))
    data = serialize(graph, {w: Stored(csr.pack(np.zeros((5, 7), np.float16), 1))})
    outputs = litert.run(tmp_path, data, {"x": np.ones((5, 7), np.float32)})
    assert (outputs["y"] == 1).all()


def test_buffers_lie_at_addresses_that_are_multiples_of_16():
    graph, w = _sum(_sparse((5, 7)))
    for forms in ({}, {w: Stored(csr.pack(w.data.astype(np.float16), 1))}):
        data = serialize(graph, forms)
        model = schema().Model.GetRootAs(data)
        payloads = [model.Buffers(i).DataAsNumpy() for i in range(model.BuffersLength())]
        payloads = [payload for payload in payloads if isinstance(payload, np.ndarray)]
        start = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
        assert payloads
        assert all((payload.__array_interface__["data"][0] - start) % 16 == 0 for payload in payloads)


def test_the_file_says_what_it_is_and_is_the_same_each_time():
    graph, w = _sum(_sparse((5, 7)))
    forms = {w: Stored(w.data.astype(np.float16))}
    data = serialize(graph, forms)
    assert data == serialize(graph, forms)
    assert data[4:8] == b"TFL3"
    model = schema().Model.GetRootAs(data)
    assert model.Version() == 3
    assert model.Buffers(0).DataLength() == 0
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    assert [(code.BuiltinCode(), code.Version()) for code in codes] == [(6, 3), (0, 1)]  # DEQUANTIZE of float16, ADD
    signature = model.SignatureDefs(0)
    assert (signature.SignatureKey(), signature.Inputs(0).Name(), signature.Outputs(0).Name()) == (
        b"serving_default",
        b"x",
        b"y",
    )
    names = [model.Subgraphs(0).Tensors(i).Name() for i in range(model.Subgraphs(0).TensorsLength())]
    assert names == [b"x", b"y", b"w", b"w/float32"]


LAYERS = {
    "FULLY_CONNECTED": ((1, 40), (12, 40), 0, (1, 12), {}, 1),
    "CONV_2D": ((1, 6, 6, 8), (16, 3, 3, 8), 0, (1, 6, 6, 16), {"strideH": 1, "strideW": 1}, 1),
    "CONV_2D grouped": ((1, 6, 6, 8), (16, 3, 3, 2), 0, (1, 6, 6, 16), {"strideH": 1, "strideW": 1}, 6),
    "DEPTHWISE_CONV_2D": (
        (1, 6, 6, 8), (1, 3, 3, 8), 3, (1, 6, 6, 8), {"strideH": 1, "strideW": 1, "depthMultiplier": 1}, 1,
    ),
}  # fmt: skip
VERSIONS = {"FULLY_CONNECTED": 12, "CONV_2D": 5, "CONV_2D grouped": 6, "DEPTHWISE_CONV_2D": 6}


def _layer(name, weight):
    given, shape, axis, made, options, version = LAYERS[name]
    x, y = Tensor("x", given), Tensor("y", made)
    w = Tensor("w", shape, weight, compressible=True)
    bias = Tensor("b", (shape[axis],), np.linspace(-1, 1, shape[axis], dtype=np.float32))
    return TfliteGraph([x], [y], [TfliteOperator(name.split()[0], [x, w, bias], y, options, version)]), w


@pytest.mark.parametrize("name", list(LAYERS))
def test_layers_read_int8_with_a_scale_a_channel_under_the_version_that_means_it(litert, tmp_path, name):
    random = np.random.default_rng(8)
    given, shape, axis, *_ = LAYERS[name]
    # Channels of very different magnitude, so that one scale for all would be far off.
    magnitudes = 10.0 ** (np.arange(shape[axis]) % 3)
    weight = np.moveaxis(np.moveaxis(random.normal(0, 1, shape), axis, -1) * magnitudes, -1, axis)
    graph, w = _layer(name, np.ascontiguousarray(weight, np.float32))
    hybrid = Stored(*quantize(w.data, axis), hybrid=True)
    x = {"x": random.normal(0, 1, given).astype(np.float32)}
    expected = litert.run(tmp_path, serialize(graph, {}), x)["y"]
    data = serialize(graph, {w: hybrid})
    for kernels in ("xnnpack", "builtin", "reference"):
        found = litert.run(tmp_path, data, x, kernels=kernels)["y"]
        assert 0 < np.abs(found - expected).max() < 0.03 * np.abs(expected).max()
    model = schema().Model.GetRootAs(data)
    assert [model.OperatorCodes(i).Version() for i in range(model.OperatorCodesLength())] == [VERSIONS[name]]


def test_a_file_beyond_two_gibibytes_is_refused_before_it_is_made():
    huge = np.broadcast_to(np.zeros(1, np.float32), (1 << 15, 1 << 14))  # 2 GiB that take 4 bytes
    graph, _ = _sum(huge)
    with pytest.raises(InputError, match="ends at 2 GiB"):
        serialize(graph, {})
