import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import CheckError, InputError
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.scales import find


def _statistics(channels, seed=5):
    random = np.random.default_rng(seed)
    return {
        "scale": random.normal(0, 1, channels).astype(np.float32),
        "shift": random.normal(0, 1, channels).astype(np.float32),
        "mean": random.normal(0, 1, channels).astype(np.float32),
        "var": random.uniform(0.1, 2, channels).astype(np.float32),
    }


def _weight(*shape):
    random = np.random.default_rng(3)
    return (random.normal(0, 0.5, shape) * (random.random(shape) < 0.4)).astype(np.float32)


def _norm(source, target="y", **attributes):
    return helper.make_node("BatchNormalization", [source, "scale", "shift", "mean", "var"], [target], **attributes)


@pytest.mark.parametrize(
    ("layer", "shape", "filters", "channels"),
    [
        (helper.make_node("Conv", ["x", "w"], ["c"]), (3, 7, 8), (4, 3, 3, 3), 4),
        (helper.make_node("Conv", ["x", "w"], ["c"], group=3), (3, 7, 8), (6, 1, 3, 3), 6),
        (helper.make_node("Conv", ["x", "w"], ["c"]), (3, 17), (4, 3, 3), 4),
        (helper.make_node("Gemm", ["x", "w"], ["c"]), (13,), (13, 5), 5),
    ],
)
def test_folding_computes_what_onnxruntime_does_and_keeps_the_zeros(agree, onnx_model, layer, shape, filters, channels):
    weight = _weight(*filters)
    nodes = [layer, _norm("c", "b", epsilon=1e-3), helper.make_node("Relu", ["b"], ["y"])]
    model = onnx_model(nodes, {"x": ("n", *shape)}, {"w": weight} | _statistics(channels))
    codes = agree(model)
    assert not {"MUL", "ADD", "RELU"} & set(codes)
    folded = {tensor.name: data for tensor, data in lower(ir.from_proto(model)).constants()}["w"]
    assert np.count_nonzero(folded) == np.count_nonzero(weight)
    assert not np.signbit(folded[folded == 0]).any()


@pytest.mark.parametrize("shape", [(3, 7, 8), (3, 17), (3,)])
def test_without_a_layer_before_it_it_is_a_product_and_a_sum(agree, onnx_model, shape):
    codes = agree(onnx_model([_norm("x")], {"x": ("n", *shape)}, _statistics(3)))
    assert [code for code in codes if code != "RESHAPE"] == ["MUL", "ADD"]


def test_after_an_activation_or_a_shared_layer_nothing_is_folded(agree, onnx_model):
    conv = helper.make_node("Conv", ["x", "w"], ["c"])
    constants = {"w": _weight(4, 3, 3, 3)} | _statistics(4)
    nodes = [conv, helper.make_node("Relu", ["c"], ["r"]), _norm("r")]
    assert agree(onnx_model(nodes, {"x": (1, 3, 7, 8)}, constants)) == ["CONV_2D", "MUL", "ADD"]
    # c has one reader, the Identity, but what the Identity gives has two.
    nodes = [
        conv,
        helper.make_node("Identity", ["c"], ["i"]),
        _norm("i", "n"),
        helper.make_node("Add", ["n", "i"], ["y"]),
    ]
    assert agree(onnx_model(nodes, {"x": (1, 3, 7, 8)}, constants)) == ["CONV_2D", "MUL", "ADD", "ADD"]
    # The other way round: the Identity's output has one reader, its input two.
    nodes = [
        conv,
        helper.make_node("Identity", ["c"], ["i"]),
        _norm("i", "n"),
        helper.make_node("Add", ["n", "c"], ["y"]),
    ]
    assert agree(onnx_model(nodes, {"x": (1, 3, 7, 8)}, constants)) == ["CONV_2D", "MUL", "ADD", "ADD"]


def test_after_a_flatten_it_is_over_features_not_channels(agree, onnx_model):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Flatten", ["c"], ["f"]),
        _norm("f"),
    ]
    assert "MUL" in agree(onnx_model(nodes, {"x": (1, 3, 4, 5)}, {"w": _weight(4, 3, 3, 3)} | _statistics(24)))


def test_two_layers_that_share_a_weight_are_folded_apart(agree, onnx_model):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        _norm("c", "n"),
        helper.make_node("Conv", ["n", "w"], ["y"]),
    ]
    agree(onnx_model(nodes, {"x": (1, 3, 9, 9)}, {"w": _weight(3, 3, 3, 3)} | _statistics(3)))


def test_an_output_whose_scale_is_zero_may_lose_its_weights(agree, onnx_model):
    statistics = _statistics(4)
    statistics["scale"][2] = 0
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"]), _norm("c")]
    agree(onnx_model(nodes, {"x": (1, 3, 7, 8)}, {"w": _weight(4, 3, 3, 3)} | statistics))


@pytest.mark.parametrize(("scale", "what"), [(1e-30, "changes its zeros"), (1e30, "makes weights infinite")])
def test_a_fold_that_breaks_the_weights_is_an_error_that_names_them(onnx_model, scale, what):
    statistics = _statistics(4)
    statistics["scale"][1] = scale
    weight = _weight(4, 3, 3, 3)
    weight[1, 0] = 1e-20 if scale < 1 else 1e20
    nodes = [helper.make_node("Conv", ["x", "features.0.weight"], ["c"]), _norm("c")]
    model = onnx_model(nodes, {"x": (1, 3, 7, 8)}, {"features.0.weight": weight} | statistics)
    with pytest.raises(CheckError, match=rf"'features.0.weight' {what}"):
        lower(ir.from_proto(model))


@pytest.mark.parametrize(
    ("change", "attributes", "reason"),
    [
        ({"var": np.full(3, -1, np.float32)}, {}, "variance is not positive"),
        ({"mean": np.full(3, np.nan, np.float32)}, {}, "'mean' holds NaN"),
        ({"mean": np.zeros(2, np.float32)}, {}, "one entry for each of 3 channels"),
        ({}, {"training_mode": 1}, "training mode"),
    ],
)
def test_statistics_that_cannot_be_are_refused(onnx_model, change, attributes, reason):
    model = onnx_model([_norm("x", **attributes)], {"x": (1, 3, 4, 4)}, _statistics(3) | change)
    with pytest.raises(InputError, match=reason):
        lower(ir.from_proto(model))


def test_folded_integers_times_a_power_of_two_are_a_scale_for_each_output_times_the_integers(onnx_model):
    random = np.random.default_rng(8)
    integers = random.integers(-64, 65, (16, 8, 3, 3))
    weight = (integers * 2.0**-9).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"]), _norm("c")]
    model = onnx_model(nodes, {"x": (1, 8, 5, 5)}, {"w": weight} | _statistics(16))
    network = lower(ir.from_proto(model))
    (convolution,) = network.operators
    found, scales = find(convolution.inputs[1].data, 0)
    assert scales.values.shape == (16,)
    np.testing.assert_array_equal(np.abs(found), np.abs(integers.transpose(0, 2, 3, 1)))
