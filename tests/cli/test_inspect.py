import json


def test_a_compressed_file_as_a_table_and_as_json(edgecompress, small_bundle):
    printed = edgecompress("inspect", small_bundle / "model.onnx").stdout
    assert "conv3.weight" in printed
    assert "entropy bound" in printed
    document = json.loads(edgecompress("inspect", small_bundle / "model.tflite", "--json").stdout)
    weights = {entry["name"]: entry for entry in document["tensors"]}
    assert weights["conv3.weight"]["distinct"] <= 33
    assert document["file_bytes"] == (small_bundle / "model.tflite").stat().st_size


def test_wrong_files(refused, small_bundle, tmp_path):
    assert "give an .onnx or .tflite file" in refused("inspect", "absent.onnx")
    (tmp_path / "broken.onnx").write_bytes((small_bundle / "model.onnx").read_bytes()[:5000])
    assert "broken.onnx" in refused("inspect", "broken.onnx")
    (tmp_path / "broken.tflite").write_bytes((small_bundle / "model.tflite").read_bytes()[:5000])
    assert "broken.tflite" in refused("inspect", "broken.tflite")
