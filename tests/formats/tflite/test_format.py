from edgecompress.formats.tflite.format import FORMAT, is_tflite
from edgecompress.formats.tflite.inspection import decoded_weights_tflite
from edgecompress.recipe import Export


def test_a_recipe_says_how_far_it_rounds():
    settings = Export(tflite_weights="int8", shifts=True)
    assert FORMAT.rounding(settings) == "int8" and FORMAT.options(settings) == {"weights": "int8", "shifts": True}
    assert not FORMAT.exact


def test_a_file_is_known_by_its_mark_and_says_what_it_takes_and_gives(network, tmp_path):
    FORMAT.write(network(), tmp_path / "m.tflite", compress=True)
    assert is_tflite((tmp_path / "m.tflite").read_bytes()[:8]) and not is_tflite(b"TFL3TFL2")
    signature = FORMAT.signature(tmp_path / "m.tflite")
    assert signature.inputs == {"x": (1, 9, 9, 3)} and signature.outputs == ["logits"]
    assert dict(FORMAT.read(tmp_path / "m.tflite")).keys() == decoded_weights_tflite(tmp_path / "m.tflite").keys()
    assert FORMAT.same(tmp_path / "m.tflite", tmp_path / "m.tflite", shapes=None)[1] is None


def test_variants_are_written_and_not_compared_bit_by_bit(network, samples, tmp_path):
    for write, dtype in ((FORMAT.int8, "int8"), (FORMAT.float16, "float32")):
        ledger, weights = write(network(), tmp_path / "m.tflite", samples, compress=False, encoding="smallest")
        assert weights is None and ledger.file_bytes == (tmp_path / "m.tflite").stat().st_size
        assert dtype in {array.dtype.name for array in decoded_weights_tflite(tmp_path / "m.tflite").values()}
