import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.bounds import largest


def test_the_largest_value_or_all_outputs_together():
    nodes = [helper.make_node("Concat", ["w"] * 4, ["a"], axis=0), helper.make_node("Identity", ["w"], ["b"])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("a", "b")]
    weights = [numpy_helper.from_array(np.zeros((100, 50), np.float32), "w")]
    graph = helper.make_graph(nodes, "g", [], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    assert largest(model) == 5 * 100 * 50 * 4
    del model.graph.output[:]
    model.graph.output.append(outputs[1])
    assert largest(model) == 4 * 100 * 50 * 4
    model.graph.node.append(onnx.NodeProto(op_type="Nonsense"))
    assert largest(model) >= 0
