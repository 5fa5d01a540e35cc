import numpy as np

from edgecompress.formats.onnx.int8 import quantizer as onnx_quantizer


def test_the_inputs_are_read_in_batches_and_then_there_are_none(tmp_path):
    x = np.arange(70, dtype=np.float32).reshape(70, 1)
    np.save(tmp_path / "x.npy", x)
    reader = onnx_quantizer.CalibrationReader(str(tmp_path / "x.npy"), "input")
    parts = []
    while (part := reader.get_next()) is not None:
        parts.append(part["input"])
    assert [len(part) for part in parts] == [32, 32, 6]
    assert np.array_equal(np.concatenate(parts), x)


def test_a_model_that_is_none_ends_with_one_and_the_reason_last(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((2, 1), np.float32))
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    arguments = [str(tmp_path / name) for name in ("m.onnx", "x.npy")]
    assert onnx_quantizer.main([*arguments, "input", str(tmp_path / "w.onnx")]) == 1
    assert "Error" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "w.onnx").exists()
