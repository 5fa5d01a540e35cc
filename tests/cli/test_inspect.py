import json

import numpy as np
import pytest
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


def summing(path, *shape):
    """A model that adds two inputs of this shape and a weight."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "aby"]
    weight = numpy_helper.from_array(np.ones(4, np.float32), "w")
    graph = helper.make_graph([helper.make_node("Sum", ["a", "b", "w"], ["y"])], "sum", ends[:2], ends[2:], [weight])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)


def test_a_model_that_the_agent_cannot_feed_is_inspected_all_the_same(edgecompress, tmp_path):
    summing(tmp_path / "m.onnx", 2, "N")
    done = edgecompress("inspect", "m.onnx", "--json")
    assert "memory was not measured: m.onnx takes tensor(float) of shape [2, 'N']" in done.stderr
    assert json.loads(done.stdout)["memory"] is None
    assert "warning" not in edgecompress("inspect", "m.onnx", "--no-memory").stderr


def test_a_model_of_a_fixed_batch_is_measured_at_that_batch(edgecompress, tmp_path):
    summing(tmp_path / "m.onnx", 4)
    done = edgecompress("inspect", "m.onnx", "--json")
    assert not done.stderr
    memory = json.loads(done.stdout)["memory"]
    assert memory["samples"] == 4
    assert memory["peak"] >= memory["after_load"] > 0


def test_wrong_files(refused, small_bundle, tmp_path):
    assert "give an .onnx or .tflite file" in refused("inspect", "absent.onnx")
    (tmp_path / "broken.onnx").write_bytes((small_bundle / "model.onnx").read_bytes()[:5000])
    assert "broken.onnx" in refused("inspect", "broken.onnx")
    (tmp_path / "broken.tflite").write_bytes((small_bundle / "model.tflite").read_bytes()[:5000])
    assert "broken.tflite" in refused("inspect", "broken.tflite")


def test_what_vela_makes_of_a_file_is_shown_where_an_accelerator_is_named(edgecompress, refused, micro_bundle):
    file = micro_bundle / "model-int8.tflite"
    printed = " ".join(edgecompress("inspect", file, "--no-memory", "--npu", "ethos-u55-128").stderr.split())
    assert "Vela 5" in printed and "does not compile" in printed  # AlexNet's first convolution
    printed = " ".join(edgecompress("inspect", file, "--no-memory", "--npu", "ethos-u85-256").stdout.split())
    assert "bytes of encoded weights" in printed
    assert "Operators on the processor: QUANTIZE, DEQUANTIZE." in printed
    document = json.loads(edgecompress("inspect", file, "--no-memory", "--npu", "ethos-u85-256", "--json").stdout)
    kept = json.loads((micro_bundle / "manifest.json").read_text())["models"][file.name]["microcontroller"]["vela"]
    assert document["vela"] == {**kept, "dense_encoded_weight_bytes": None}
    assert json.loads(edgecompress("inspect", file, "--no-memory", "--json").stdout)["vela"] is None


def test_what_vela_does_not_take(edgecompress, refused, small_bundle):
    pytest.importorskip("ethosu")
    float32 = edgecompress("inspect", small_bundle / "model.tflite", "--no-memory", "--npu", "ethos-u85-256").stdout
    assert "operators to the processor beside an ethos-u85-256: it compiles int8 alone" in " ".join(float32.split())
    assert "did you mean 'ethos-u85-256'" in refused("inspect", small_bundle / "model.tflite", "--npu", "ethos-u85-25")
    assert "convert it before" in refused("inspect", small_bundle / "model.onnx", "--npu", "ethos-u85-256")
