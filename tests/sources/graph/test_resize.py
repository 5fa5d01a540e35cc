import numpy as np
import onnx_ir as ir
import onnxruntime
import torch
from onnx import helper as h

from edgecompress.sources.graph.module import GraphModule
from edgecompress.sources.graph.resize import FUNCTIONS


def test_the_onnx_project_s_tests_of_these_operators_pass_or_are_refused(passes):
    done, untested = passes(FUNCTIONS)
    assert done >= 15
    assert not untested


def test_corners_are_aligned_as_onnxruntime_aligns_them():
    graph = h.make_graph(
        [h.make_node("Resize", ["x", "", "s"], ["y"], mode="linear", coordinate_transformation_mode="align_corners")],
        "g",
        [h.make_tensor_value_info("x", 1, [1, 1, 2, 4])],
        [h.make_tensor_value_info("y", 1, None)],
        [h.make_tensor("s", 1, [4], [1, 1, 0.6, 0.6])],
    )
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 19)], ir_version=9)
    x = np.arange(1, 9, dtype=np.float32).reshape(1, 1, 2, 4)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    made = GraphModule(ir.from_proto(model))(torch.from_numpy(x))
    assert np.array_equal(made.numpy(), session.run(None, {"x": x})[0])
