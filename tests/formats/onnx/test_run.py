import numpy as np
import onnx_ir as ir

from edgecompress.formats.onnx.run import of_graph

from ...isolated.test_outputs import save

A = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
INPUTS = {"a": A, "b": A}


def test_what_a_graph_computes_comes_from_onnxruntime(tmp_path):
    save(tmp_path / "m.onnx")
    made = of_graph(ir.load(tmp_path / "m.onnx"), INPUTS)
    assert np.array_equal(made["sum"], 2 * A)
