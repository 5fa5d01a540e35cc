import pytest

from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.format import FORMAT
from edgecompress.recipe import Export


def test_it_is_exact_whatever_a_recipe_says_of_rounding(tmp_path):
    settings = Export(tflite_weights="int8")
    assert FORMAT.exact and FORMAT.rounding(settings) == "float32" and FORMAT.options(settings) == {}


def test_a_file_takes_and_gives_what_its_graph_says(network, tmp_path):
    FORMAT.write(network(), tmp_path / "m.onnx", compress=True)
    signature = FORMAT.signature(tmp_path / "m.onnx")
    assert signature.inputs == {"x": (None, 3, 9, 9)} and signature.outputs == ["logits"]


@pytest.mark.parametrize(("variant", "dtype"), [("int8", "int8"), ("float16", "float16")])
def test_a_variant_comes_with_the_arrays_that_its_file_decodes_to(network, samples, tmp_path, variant, dtype):
    write = getattr(FORMAT, variant)
    ledger, weights = write(network(), tmp_path / "m.onnx", samples, compress=True, encoding="smallest")
    held = decoded_weights(tmp_path / "m.onnx")
    assert ledger.file_bytes == (tmp_path / "m.onnx").stat().st_size
    assert dtype in {array.dtype.name for array in weights.values()}
    assert weights.keys() <= held.keys()
    assert all(held[name].tobytes() == array.tobytes() for name, array in weights.items())
