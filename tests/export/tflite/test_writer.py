import itertools

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.export.tflite import csr
from edgecompress.export.tflite.graph import Graph, Operator, Tensor
from edgecompress.export.tflite.schema import schema
from edgecompress.export.tflite.weights import Stored
from edgecompress.export.tflite.writer import serialize


def _sum(weights):
    """x + weights: the runtime's output is then the weights as it decodes them."""
    x, y = Tensor("x", weights.shape), Tensor("y", weights.shape)
    w = Tensor("w", weights.shape, weights, compressible=True)
    return Graph([x], [y], [Operator("ADD", [x, w], y)]), w


def _sparse(shape, sparsity=0.9):
    random = np.random.default_rng(2)
    kept = random.random(shape) >= sparsity
    return np.where(kept, random.normal(0, 1, shape), 0).astype(np.float16).astype(np.float32)


SHAPES = [(5, 7), (300, 9), (9, 300), (4, 3, 3, 5), (2, 3, 1, 700), (1, 3, 3, 40), (3, 70000)]


@pytest.mark.parametrize(("shape", "dtype"), itertools.product(SHAPES, (np.float16, np.float32)))
def test_litert_decodes_every_form_bit_by_bit(litert, tmp_path, shape, dtype):
    weights = _sparse(shape)
    graph, w = _sum(weights)
    kind = np.dtype(dtype).name
    forms = [Stored(f"csr-{kind}", csr.pack(weights.astype(dtype), inner)) for inner in range(weights.ndim)]
    for form in [Stored(kind, weights.astype(dtype)), *forms]:
        outputs = litert.run(tmp_path, serialize(graph, {w: form}), {"x": np.zeros(shape, np.float32)})
        assert outputs["y"].tobytes() == weights.tobytes()


def test_litert_decodes_a_tensor_of_zeros(litert, tmp_path):
    graph, w = _sum(np.zeros((5, 7), np.float32))
    data = serialize(graph, {w: Stored("csr-float16", csr.pack(np.zeros((5, 7), np.float16), 1))})
    outputs = litert.run(tmp_path, data, {"x": np.ones((5, 7), np.float32)})
    assert (outputs["y"] == 1).all()


def test_buffers_lie_at_addresses_that_are_multiples_of_16():
    graph, w = _sum(_sparse((5, 7)))
    for forms in ({}, {w: Stored("csr-float16", csr.pack(w.data.astype(np.float16), 1))}):
        data = serialize(graph, forms)
        model = schema().Model.GetRootAs(data)
        payloads = [model.Buffers(i).DataAsNumpy() for i in range(model.BuffersLength())]
        payloads = [payload for payload in payloads if isinstance(payload, np.ndarray)]
        start = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
        assert payloads
        assert all((payload.__array_interface__["data"][0] - start) % 16 == 0 for payload in payloads)


def test_the_file_says_what_it_is_and_is_the_same_each_time():
    graph, w = _sum(_sparse((5, 7)))
    forms = {w: Stored("float16", w.data.astype(np.float16))}
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


def test_a_file_beyond_two_gibibytes_is_refused_before_it_is_made():
    huge = np.broadcast_to(np.zeros(1, np.float32), (1 << 15, 1 << 14))  # 2 GiB that take 4 bytes
    graph, _ = _sum(huge)
    with pytest.raises(InputError, match="ends at 2 GiB"):
        serialize(graph, {})
