import numpy as np
import onnx
import onnxruntime
import pytest

from edgecompress import target
from edgecompress.advise.subject import Subject, subject
from edgecompress.advise.variants import prune_and_cluster, write_variants
from edgecompress.export.decoded import decoded_weights
from edgecompress.progress import silent


@pytest.fixture(scope="module")
def given(network):
    return subject("alexnet", network)


@pytest.fixture(scope="module")
def written(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("variants")
    files, left_out = write_variants(given, folder, target.load("rpi4"), ["onnxruntime"], silent)
    assert left_out == {}
    return folder, files


def run(path, x):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def test_the_pruned_file_holds_a_tenth_of_each_layer_as_few_values(given, written):
    folder, files = written
    dense = {name: value.const_value.numpy() for name, value in given.graph.graph.initializers.items()}
    layers = {name: weight for name, weight in decoded_weights(folder / "pruned.onnx").items() if weight.ndim > 1}
    assert len(layers) > 3
    for name, weight in layers.items():
        kept = weight != 0
        assert kept.sum() == pytest.approx(0.1 * weight.size, abs=1)
        assert len(np.unique(weight[kept])) <= 32
        # The largest are kept, each as the nearest of the values.
        assert np.abs(dense[name][kept]).min() >= np.abs(dense[name][~kept]).max()
        values = np.unique(weight[kept])
        nearest = values[np.abs(dense[name][kept][:, None] - values).argmin(axis=1)]
        assert np.allclose(weight[kept], nearest, atol=1e-3 * np.abs(values).max())
    assert files["pruned.onnx"].bytes < 0.1 * files["dense.onnx"].bytes


def test_every_file_runs_on_the_same_input_and_the_int8_one_says_nearly_the_same(written):
    folder, files = written
    x = np.random.default_rng(1).standard_normal((1, 1, 32, 32)).astype(np.float32)
    outputs = {name: run(folder / name, x) for name in files}
    assert {each.shape for each in outputs.values()} == {(1, 10)}
    scale = np.abs(outputs["dense.onnx"]).max()
    assert np.abs(outputs["int8.onnx"] - outputs["dense.onnx"]).max() < 0.2 * scale
    assert not np.allclose(outputs["half.onnx"], outputs["dense.onnx"])


def test_the_graph_that_is_given_stays_as_it_is(given):
    before = {name: value.const_value.numpy().copy() for name, value in given.graph.graph.initializers.items()}
    prune_and_cluster(given.graph)
    for name, value in given.graph.graph.initializers.items():
        assert np.array_equal(before[name], value.const_value.numpy())


def test_a_file_has_no_half_and_says_so(given, tmp_path):
    alone = Subject(given.network, given.graph, None)
    files, left_out = write_variants(alone, tmp_path, target.load("rpi4"), ["onnxruntime"], silent)
    assert "half.onnx" not in files
    assert "no channels are removed" in left_out["half"]


def test_what_a_format_cannot_express_is_left_out_with_its_reason(given, tmp_path):
    made = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("Erf", ["x"], ["y"])],
            "g",
            [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 4])],
            [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 4])],
        ),
        opset_imports=[onnx.helper.make_opsetid("", 18)],
    )
    import onnx_ir as ir

    network = given.network.model_copy(update={"input_shape": [4]})
    board = target.load("rpi4")
    files, left_out = write_variants(
        Subject(network, ir.from_proto(made), None), tmp_path, board, board.runtimes, silent
    )
    assert "dense.onnx" in files
    assert not any(name.endswith("tflite") for name in files)
    assert "Erf" in left_out["dense.tflite"]
    assert "nothing to quantise" in left_out["int8.onnx"]
