from pathlib import Path

from edgecompress.equivalence.proof import Proof
from edgecompress.export.pack import PackResult
from edgecompress.report.packed import packed


def test_one_line_with_both_sizes_and_the_bound():
    made = PackResult(source_bytes=4_000_000, bytes=100_000, entropy_bytes=80_000)
    said = packed(made, Path("in/m.onnx"), Path("out/m.ecz"))
    assert said == (
        "out/m.ecz: 100,000 bytes, 40.00x smaller than m.onnx (4,000,000), 1.250x the entropy bound of its weights"
    )


def test_a_model_without_weights_has_no_bound():
    made = PackResult(source_bytes=400, bytes=400, entropy_bytes=0)
    assert "bound" not in packed(made, Path("m.onnx"), Path("m.ecz"))


def test_only_an_onnx_file_is_offered_a_way_back():
    made = PackResult(source_bytes=400, bytes=200, entropy_bytes=100, proof=Proof(compared=("y",)))
    assert "unpack" in packed(made, Path("m.onnx"), Path("n.onnx"))
    said = packed(made, Path("m.tflite"), Path("n.tflite"))
    assert "packing is the last step" in said
    assert "unpack" not in said
