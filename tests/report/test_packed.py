from pathlib import Path

from edgecompress.equivalence.proof import Proof
from edgecompress.export.pack import PackResult
from edgecompress.report.packed import packed
from edgecompress.report.writers.terminal import terminal

SOURCE = Path("m.onnx")


def row(made, source=SOURCE, target=Path("m.ecz")):
    table = packed(made, source, target).figures[0].table
    (line,) = table.rows
    return {column.id: cell for column, cell in zip(table.columns, line.cells, strict=True)}


def test_a_row_with_both_sizes_and_the_bound():
    made = PackResult(source_bytes=4_000_000, bytes=100_000, entropy_bytes=80_000)
    found = row(made, Path("in/m.onnx"), Path("out/m.ecz"))
    assert (found["file"].text, found["source"].text) == ("out/m.ecz", "in/m.onnx")
    assert (found["bytes"].text, found["times_smaller"].text) == ("100,000", "40.00x")
    assert (found["bound_ratio"].text, found["bound_ratio"].value) == ("1.250", 1.25)


def test_a_model_without_weights_has_no_bound():
    found = row(PackResult(source_bytes=400, bytes=400, entropy_bytes=0))
    assert (found["bound_ratio"].value, found["bound_ratio"].text) == (None, "-")


def test_only_an_onnx_file_is_offered_a_way_back():
    made = PackResult(source_bytes=400, bytes=200, entropy_bytes=100, proof=Proof(compared=("y",)))
    text = terminal(packed(made, SOURCE, Path("n.onnx")), Path())
    assert "proved: weights identical, 1 output compared" in text
    assert "unpack" in text
    text = terminal(packed(made, Path("m.tflite"), Path("n.tflite")), Path())
    assert "packing is the last step" in text
    assert "unpack" not in text


def test_outputs_that_were_not_compared_are_not_proved():
    made = PackResult(source_bytes=400, bytes=200, entropy_bytes=100, proof=Proof.none("it does not run"))
    text = terminal(packed(made, SOURCE, Path("n.onnx")), Path())
    assert "outputs not compared, because it does not run" in text
    assert "proved" not in text


def test_a_copy_names_the_reason_and_the_container():
    made = PackResult(
        source_bytes=400, bytes=400, entropy_bytes=0, copied=True, declined="2 % only", container_bytes=390
    )
    text = terminal(packed(made, SOURCE, Path("n.onnx")), Path())
    assert "a copy of m.onnx: nothing gets smaller (2 % only); as .ecz 390 bytes" in text
    assert "last step" not in text
