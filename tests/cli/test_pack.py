import json


def test_packed_and_unpacked_a_model_is_the_same(edgecompress, small_bundle, tmp_path):
    source = small_bundle / "dense.onnx"
    done = edgecompress("pack", source, "-o", "m.onnx")
    assert done.returncode == 0, done.stderr
    assert "proved: weights identical, 1 output compared" in done.stdout
    assert (tmp_path / "m.onnx").stat().st_size <= source.stat().st_size
    assert edgecompress("pack", source, "-o", "m.ecz").returncode == 0
    assert edgecompress("unpack", "m.ecz", "-o", "back.onnx").returncode == 0
    assert (tmp_path / "back.onnx").read_bytes() == source.read_bytes()


def test_the_result_as_json(edgecompress, small_bundle, tmp_path):
    done = edgecompress("pack", small_bundle / "model.onnx", "-o", "m.onnx", "--encoding", "fast-load", "--json")
    document = json.loads(done.stdout)
    assert document["bytes"] == (tmp_path / "m.onnx").stat().st_size
    assert document["ledger"]["tensors"]
    assert not any("wavelet" in entry["encoding"] for entry in document["ledger"]["tensors"])


def test_wrong_input(refused, small_bundle, tmp_path):
    assert "give an .onnx or .tflite file" in refused("pack", "absent.onnx", "-o", "m.ecz")
    assert "ends in .onnx, or .ecz" in refused("pack", small_bundle / "model.onnx", "-o", "m.tflite")
    assert "fast-load" in refused("pack", small_bundle / "model.onnx", "-o", "m.onnx", "--encoding", "tiny")
    (tmp_path / "broken.onnx").write_bytes((small_bundle / "model.onnx").read_bytes()[:5000])
    assert "broken.onnx" in refused("pack", "broken.onnx", "-o", "m.onnx")
    (tmp_path / "folder.onnx").mkdir()
    for name, said in (
        ("broken.onnx/in/m.onnx", "broken.onnx is not a folder that can be written to (Not a directory)"),
        ("m" * 300 + ".onnx", "cannot be made (File name too long); choose another name"),
        ("folder.onnx", "folder.onnx is a folder; name the file to write"),
    ):
        assert said in refused("pack", small_bundle / "model.onnx", "-o", name)
    (tmp_path / "folder.onnx").rmdir()
    assert "Missing option '--output'" in refused("pack", small_bundle / "model.onnx")
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == {"broken.onnx"}
