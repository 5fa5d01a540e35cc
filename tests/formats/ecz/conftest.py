"""Model files that hold whatever arrays a test wants, and containers made of them."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgecompress.agent.ecz import unpack
from edgecompress.formats.ecz.pack import pack_container
from edgecompress.progress import silent

OF_WIDTH = {8: TensorProto.UINT8, 16: TensorProto.UINT16, 32: TensorProto.FLOAT, 64: TensorProto.INT64}


@pytest.fixture(scope="session")
def onnx_model():
    """An ONNX model that gives out an initialiser for each array; its type is one of its width, unless given."""

    def make(*arrays, kind=None):
        tensors = []
        for number, array in enumerate(arrays):
            own = kind or OF_WIDTH[8 * array.itemsize]
            tensors.append(helper.make_tensor(f"w{number}", own, array.shape, array.tobytes(), raw=True))
        given, *made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
        made += [helper.make_tensor_value_info(each.name, each.data_type, each.dims) for each in tensors]
        graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [given], made, tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

    return make


@pytest.fixture(scope="session")
def packed(onnx_model):
    """The container of a model with these arrays (its bytes). It is unpacked too, and must be the model again."""

    def make(*arrays, kind=None):
        with tempfile.TemporaryDirectory() as folder:
            source, container = Path(folder) / "model.onnx", Path(folder) / "model.ecz"
            onnx.save(onnx_model(*arrays, kind=kind), source)
            pack_container(source, container, progress=silent)
            (back,) = unpack(container, Path(folder) / "back")
            assert back.read_bytes() == source.read_bytes()
            return container.read_bytes()

    return make


@pytest.fixture(scope="session")
def clustered():
    """Weights of which the fraction ``kept`` is not zero and takes one of a few values."""

    def make(shape, kept, seed=0, centroids=32):
        generator = np.random.default_rng(seed)
        book = generator.normal(size=centroids).astype(np.float16).astype(np.float32)
        values = book[generator.integers(0, centroids, shape)]
        return np.where(generator.random(shape) < kept, values, np.float32(0))

    return make


@pytest.fixture(scope="session")
def entropy_bytes():
    """What an ideal coder that knows the counts of the numbers takes for them."""

    def of(numbers):
        counts = np.unique(numbers, return_counts=True)[1]
        return float(np.sum(counts * np.log2(counts.sum() / counts))) / 8

    return of
