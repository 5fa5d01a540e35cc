import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


def test_a_compressed_file_as_a_table_and_as_json(edgecompress, small_bundle):
    printed = edgecompress("inspect", small_bundle / "model.onnx").stdout
    assert "conv3.weight" in printed
    assert "entropy bound" in printed
    document = json.loads(edgecompress("inspect", small_bundle / "model.tflite", "--json").stdout)
    weights = {entry["name"]: entry for entry in document["tensors"]}
    assert weights["conv3.weight"]["distinct"] <= 33
    assert document["memory"]["peak"] >= document["memory"]["after_load"] > 2**20
    assert document["file_bytes"] == (small_bundle / "model.tflite").stat().st_size


def test_a_model_that_the_agent_cannot_feed_is_inspected_all_the_same(edgecompress, tmp_path):
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "ab"]
    graph = helper.make_graph(
        [helper.make_node("Sum", ["a", "b", "w"], ["y"])],
        "a batch of four",
        given,
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])],
        [numpy_helper.from_array(np.ones(4, np.float32), "w")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "m.onnx")
    done = edgecompress("inspect", "m.onnx", "--json")
    assert "memory was not measured: m.onnx takes batches of 4" in done.stderr.replace(str(tmp_path) + "/", "")
    assert json.loads(done.stdout)["memory"] is None
    assert "warning" not in edgecompress("inspect", "m.onnx", "--no-memory").stderr


def test_wrong_files(refused, small_bundle, tmp_path):
    assert "give an .onnx or .tflite file" in refused("inspect", "absent.onnx")
    (tmp_path / "broken.onnx").write_bytes((small_bundle / "model.onnx").read_bytes()[:5000])
    assert "broken.onnx" in refused("inspect", "broken.onnx")
    (tmp_path / "broken.tflite").write_bytes((small_bundle / "model.tflite").read_bytes()[:5000])
    assert "broken.tflite" in refused("inspect", "broken.tflite")
