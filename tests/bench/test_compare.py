from edgecompress.bench.compare import compare


def test_only_files_of_the_same_rounds_are_compared(measured):
    files = dict(measured[0].files)
    assert {(each.compressed, each.dense) for each in compare(files)} == {
        ("model.onnx", "dense.onnx"),
        ("model.tflite", "dense.tflite"),
    }
    alone = files["model.onnx"].latency.model_copy(update={"together_with": []})
    files["model.onnx"] = files["model.onnx"].model_copy(update={"latency": alone})
    assert [each.compressed for each in compare(files)] == ["model.tflite"]
    files["model.tflite"] = files["model.tflite"].model_copy(update={"latency": None})
    assert compare(files) == []


def test_the_ratio_is_the_compressed_files_over_the_dense_files(measured):
    files = measured[0].files
    (found,) = [each for each in compare(files) if each.runtime == "onnxruntime"]
    expected = files["model.onnx"].latency.summary.p50 / files["dense.onnx"].latency.summary.p50
    assert found.latency.ratio == expected
