import pytest

from edgecompress.errors import InputError, NoFormError
from edgecompress.export.written import writer, written
from edgecompress.formats import find
from edgecompress.recipe import Export

ONNX, TFLITE = find.of_profiles()


def test_a_file_is_seen_to_be_right_everywhere_only_where_its_format_asks_and_it_is_compressed(taken, tmp_path):
    assert written(taken[0], tmp_path / "m.tflite", TFLITE, Export(), compress=True).verdict.state == "on"
    assert written(taken[0], tmp_path / "d.tflite", TFLITE, Export(), compress=False).verdict is None
    assert written(taken[0], tmp_path / "m.onnx", ONNX, Export(), compress=True).verdict is None


def test_what_a_format_refuses_has_no_form_in_it(network, tmp_path):
    wrong = network()
    next(iter(wrong.graph)).op_type = "Nonsense"
    with pytest.raises(NoFormError, match="Nonsense"):
        written(wrong, tmp_path / "m.tflite", TFLITE, Export(), compress=True)
    with pytest.raises(InputError):
        TFLITE.write(wrong, tmp_path / "m.tflite", compress=True)


def test_a_recipe_s_options_reach_the_format(network, tmp_path):
    found = {}
    for rounding in ("float32", "float16"):
        write = writer(network(), TFLITE, Export(tflite_weights=rounding), compress=True)
        found[rounding] = {entry.encoding for entry in write(tmp_path / "m.tflite").tensors}
    assert any("float16" in each for each in found["float16"])
    assert not any("float16" in each for each in found["float32"])
