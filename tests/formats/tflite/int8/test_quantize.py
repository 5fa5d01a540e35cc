import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from edgecompress.errors import InputError
from edgecompress.export.verify import outputs
from edgecompress.formats.onnx.int8.folding import fold_batch_normalization
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.inspection import decoded_weights_tflite
from edgecompress.formats.tflite.int8.quantize import write_int8
from edgecompress.formats.tflite.network import write_tflite as write_float
from edgecompress.formats.tflite.runtimes import LITERT, TFLITE_RUNTIME, runtimes


@pytest.fixture(scope="module")
def files(network, inputs, tmp_path_factory):
    """The float32 file and the int8 file of the small network."""
    folder = tmp_path_factory.mktemp("tflite")
    write_float(network(), folder / "float.tflite", compress=False)
    ledger = write_int8(network(), folder / "int8.tflite", inputs)
    assert ledger.file_bytes == (folder / "int8.tflite").stat().st_size
    return folder / "float.tflite", folder / "int8.tflite"


def scales_of(path):
    _, model = model_file.parse(path)
    tensors = [tensor for tensor in model.subgraphs[0].tensors if tensor.quantization is not None]
    return {tensor.name.decode(): np.asarray(tensor.quantization.scale) for tensor in tensors}


def test_a_layer_that_is_not_clustered_has_a_scale_a_channel_its_largest_weight_over_127(unclustered, inputs, tmp_path):
    files = tmp_path / "float.tflite", tmp_path / "int8.tflite"
    folded = unclustered()
    fold_batch_normalization(folded)
    write_float(folded, files[0], compress=False)
    write_int8(unclustered(), files[1], inputs)
    floats, integers = (decoded_weights_tflite(path) for path in files)
    scales = scales_of(files[1])
    names = [name for name, array in floats.items() if array.ndim > 1]
    assert len(names) == 5  # the weight that two layers read is one
    for name in names:
        weight, found = floats[name], integers[name]
        assert found.dtype == np.int8
        peak = np.abs(weight).reshape(len(weight), -1).max(axis=1)
        assert np.allclose(scales[name][peak > 0], (peak / 127)[peak > 0], rtol=1e-5)
        steps = weight / scales[name].reshape(-1, *[1] * (weight.ndim - 1))
        assert np.abs(found - steps).max() <= 0.501
        assert not found[weight == 0].any()
        assert np.abs(found).max() == 127


def test_a_clustered_layer_has_the_integers_of_its_palette_in_every_channel(files, network):
    floats, integers = (decoded_weights_tflite(path) for path in files)
    clustered = {name: value.const_value.numpy() for name, value in network().graph.initializers.items()}
    scales = scales_of(files[1])
    for name in [name for name, array in floats.items() if array.ndim > 1]:
        found = integers[name]
        steps = floats[name] / scales[name].reshape(-1, *[1] * (found.ndim - 1))
        assert np.abs(found - steps).max() <= 0.501
        assert len(np.unique(np.abs(found))) <= len(np.unique(np.abs(clustered[name])))


def test_the_file_answers_nearly_as_the_network_in_a_process_of_its_own(files, inputs, answers):
    said, runtime, _ = outputs(files[1], inputs, layout="channels_last")
    assert runtime == "litert"
    assert 0 < np.abs(said - answers).max() < 0.06 * np.abs(answers).max()


def test_inputs_and_outputs_stay_float32_and_old_runtimes_run_it(files):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(files[1]))
    assert [d["dtype"] for d in (*interpreter.get_input_details(), *interpreter.get_output_details())] == [
        np.float32
    ] * 2
    assert runtimes(files[1]) == (LITERT, TFLITE_RUNTIME)


def test_the_same_input_gives_the_same_bytes_without_a_word(network, inputs, files, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "3")
    write_int8(network(), tmp_path / "again.tflite", inputs)
    assert (tmp_path / "again.tflite").read_bytes() == files[1].read_bytes()
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["again.tflite"]


def test_a_network_without_a_layer_is_refused_in_one_line(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, 3, 3])],
    )
    model = ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))
    with pytest.raises(InputError, match="nothing to quantise") as caught:
        write_int8(model, tmp_path / "m.tflite", np.random.default_rng(0).normal(size=(4, 1, 4, 4)).astype(np.float32))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
