import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from edgecompress.encode import bits
from edgecompress.export.onnx_graph.builder import Builder, Scope
from edgecompress.export.onnx_graph.unpack import unpack, unpack_all


def evaluate(step, width, values, *rest):
    build = Builder(Scope({"out"}), {"packed": bits.pack(values, width)})
    output = step(build, "packed", width, *rest)
    output.name, output.type, output.shape = "out", ir.TensorType(ir.DataType.INT32), ir.Shape([None])
    graph = ir.Graph([], [output], nodes=build.nodes, initializers=build.initializers, opset_imports={"": 11})
    content = ir.to_proto(ir.Model(graph, ir_version=8)).SerializeToString()
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {})[0]


@pytest.mark.parametrize("count", [1, 3, 7, 8, 9, 64, 1001])
@pytest.mark.parametrize("width", range(1, 9))
def test_operators_unpack_what_was_packed(width, count):
    values = np.random.default_rng(count).integers(0, 2**width, count).astype(np.uint8)
    assert evaluate(unpack, width, values, count).tolist() == values.tolist()
    assert evaluate(unpack_all, width, values)[:count].tolist() == values.tolist()
