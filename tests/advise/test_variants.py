import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress import target
from edgecompress.advise.subject import Subject, subject
from edgecompress.advise.variants import prune_and_cluster, prune_in_pairs, write_variants
from edgecompress.formats.onnx.decoded import decoded_weights
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


def test_zeros_in_pairs_are_those_of_the_largest_pairs_of_1x1_convolutions_alone(given):
    from edgecompress.sources.load import seeded
    from edgecompress.sources.to_onnx import to_onnx

    assert prune_in_pairs(given.graph) is None  # AlexNet has none
    graph = to_onnx(seeded("ds-cnn", (1, 32, 32), 10, width=0.5), (1, 32, 32))
    made = prune_in_pairs(graph)
    changed = 0
    for name, value in graph.graph.initializers.items():
        before, after = value.const_value.numpy(), made.graph.initializers[name].const_value.numpy()
        if before.ndim != 4 or before.shape[2:] != (1, 1) or before.shape[1] == 1:
            assert np.array_equal(before, after)
            continue
        changed += 1
        pairs = (after.reshape(len(after) // 2, 2, -1) != 0).all(axis=1)
        assert np.array_equal(pairs, (after.reshape(len(after) // 2, 2, -1) != 0).any(axis=1))
        assert pairs.mean() == pytest.approx(0.1, abs=0.02)
        size = np.abs(before.reshape(len(before) // 2, 2, -1)).sum(axis=1)
        assert size[pairs].min() >= size[~pairs].max()
    assert changed >= 4


def test_a_board_with_float16_instructions_has_variants_that_compute_in_it(tmp_path):
    from edgecompress.advise.subject import identity

    network = identity("alexnet", "digits", 0.125)
    files, left_out = write_variants(subject("alexnet", network), tmp_path, target.load("rpi5"), ["litert"], silent)
    assert left_out == {}
    assert files["float16-arithmetic.tflite"].kind == "float16"
    assert b"fp16accfp16" in (tmp_path / "float16-arithmetic.tflite").read_bytes()
    assert "pairs.tflite" not in files


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_of_very_few_pairs_one_stays(channels):
    weight = np.arange(1, 2 * channels + 1, dtype=np.float32).reshape(2, channels, 1, 1)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ("n", None, 4, 4)) for name in "xy"]
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [numpy_helper.from_array(weight, "w")])
    made = prune_in_pairs(ir.from_proto(helper.make_model(graph)))
    found = made.graph.initializers["w"].const_value.numpy()
    assert (found[:, -1] == weight[:, -1]).all()
    assert np.count_nonzero(found) == 2
