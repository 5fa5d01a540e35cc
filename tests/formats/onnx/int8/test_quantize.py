import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.export.verify import bit_identical, outputs
from edgecompress.formats.onnx.int8.folding import fold_batch_normalization
from edgecompress.formats.onnx.int8.quantize import quantized
from edgecompress.formats.onnx.network import write_onnx as write


def arrays(model):
    return {name: value.const_value.numpy() for name, value in model.graph.initializers.items()}


@pytest.fixture(scope="module")
def made(network, inputs):
    return quantized(network(), inputs)


def test_a_layer_that_is_not_clustered_has_a_scale_a_channel_its_largest_weight_over_64(inputs, unclustered):
    made, folded = quantized(unclustered(), inputs), unclustered()
    fold_batch_normalization(folded)
    found, expected = arrays(made), arrays(folded)
    names = [name for name in expected if name.endswith(".weight") and expected[name].ndim > 1]
    assert len(names) == 5
    for name in names:
        weight = expected[name]
        peak = np.abs(weight).reshape(len(weight), -1).max(axis=1)
        scale = np.where(peak == 0, 1, peak / 64)
        integers = found[f"{name}_quantized"]
        assert np.allclose(found[f"{name}_scale"], scale, rtol=1e-6)
        steps = weight / scale.reshape(-1, *[1] * (weight.ndim - 1))
        assert np.abs(integers - steps).max() <= 0.501
        assert np.abs(integers).max() == 64
        assert not integers[weight == 0].any()


def test_a_clustered_layer_has_the_integers_of_its_palette_in_every_channel(made, network):
    found, clustered, folded = arrays(made), arrays(network()), network()
    fold_batch_normalization(folded)
    expected = arrays(folded)
    for name in [name for name in expected if name.endswith(".weight") and expected[name].ndim > 1]:
        integers, scales = found[f"{name}_quantized"], found[f"{name}_scale"]
        assert np.abs(integers).max() <= 64
        # A negative BatchNormalization factor turns the signs of a channel.
        assert len(np.unique(np.abs(integers))) <= len(np.unique(np.abs(clustered[name])))
        steps = expected[name] / scales.reshape(-1, *[1] * (expected[name].ndim - 1))
        assert np.abs(integers - steps).max() <= 0.501
        for value in np.unique(np.abs(clustered[name])):
            assert len(np.unique(np.abs(integers[np.abs(clustered[name]) == value]))) == 1


def test_the_file_answers_nearly_as_the_network_in_a_process_of_its_own(made, inputs, answers, tmp_path):
    write(made, tmp_path / "m.onnx", compress=False)
    said, runtime, _ = outputs(tmp_path / "m.onnx", inputs)
    assert runtime == "onnxruntime"
    error = np.abs(said - answers).max() / np.abs(answers).max()
    assert 0 < error < 0.08


def test_onnxruntime_computes_in_int8_whether_the_weights_are_encoded_or_not(made, inputs, run, tmp_path):
    said = {}
    for compress in (False, True):
        path, optimized = tmp_path / f"{compress}.onnx", tmp_path / f"{compress}-optimized.onnx"
        ledger = write(made, path, compress=compress, encoding="smallest")
        said[compress] = run(str(path), inputs, level="ORT_ENABLE_ALL", optimized=optimized)
        ran = [node.op_type for node in onnx.load(optimized).graph.node]
        assert ran.count("QLinearConv") == 5
        assert not {"Conv", "Gemm", "Gather", "CumSum"} & set(ran)
    assert np.array_equal(said[False], said[True])
    assert bit_identical(path, arrays(made)) == len(arrays(made))
    # Half of the weights of this network are zero or worse, and int8 ones too.
    assert ledger.file_bytes < 0.75 * (tmp_path / "False.onnx").stat().st_size


def test_the_network_given_is_not_changed_and_the_same_input_gives_the_same_bytes_without_a_word(
    network, inputs, tmp_path, capfd, monkeypatch
):
    model = network()
    before = ir.to_proto(model).SerializeToString(deterministic=True)
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        write(quantized(model, inputs), tmp_path / seed, compress=True)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert ir.to_proto(model).SerializeToString(deterministic=True) == before
    assert capfd.readouterr() == ("", "")
    assert {path.name for path in tmp_path.iterdir()} == {"1", "2"}


def small(nodes, inputs=("x",), weight=None, opset=18):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in inputs],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(np.eye(4, dtype=np.float32) if weight is None else weight, "w")],
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("of.somebody", 1)]
    return ir.from_proto(helper.make_model(graph, opset_imports=imports, ir_version=8))


MATRIX = helper.make_node("MatMul", ["x", "w"], ["a"])
X = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (small([helper.make_node("Add", ["x", "w"], ["y"])]), "int8 has nothing to quantise: .* Conv"),
        (small([MATRIX, helper.make_node("Add", ["a", "z"], ["y"])], ("x", "z")), "network of one input; .* has 2"),
        (
            small([MATRIX, helper.make_node("Mystery", ["a"], ["y"], domain="of.somebody")]),
            r"onnxruntime cannot quantise this network \(.*Mystery.*export\.int8=false",
        ),
        (small([MATRIX, helper.make_node("Relu", ["a"], ["y"])], weight=np.full((4, 4), np.nan, np.float32)), "NaN"),
    ],
    ids=["no layer", "two inputs", "an unknown operator", "NaN"],
)
def test_what_cannot_be_quantised_is_one_line(model, words, capfd):
    with pytest.raises(InputError, match=words) as caught:
        quantized(model, X)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
