import numpy as np

from edgecompress.formats.tflite.int8 import quantizer as tflite_quantizer


def test_a_file_that_is_no_model_ends_with_one_and_the_reason_last(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((2, 1), np.float32))
    (tmp_path / "m.tflite").write_bytes(b"\0\0\0\0TFL3" + bytes(100))
    assert tflite_quantizer.main([str(tmp_path / name) for name in ("m.tflite", "x.npy", "w.tflite")]) == 1
    assert "Error" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "w.tflite").exists()
