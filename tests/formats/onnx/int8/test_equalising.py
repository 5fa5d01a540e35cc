"""A separable network with a channel that pruning made a small constant, and that its normalisation makes strong."""

from importlib import import_module

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.export.verify import outputs
from edgecompress.formats.onnx.int8.equalising import equalised
from edgecompress.formats.onnx.int8.folding import fold_batch_normalization
from edgecompress.formats.onnx.int8.quantize import quantized
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.int8.quantize import write_int8

CHANNELS = 8


def separable(activation="Relu6", *, twice=False, multiplier=1):
    """1x1, activation, depthwise 3x3 and its normalisation, 1x1, mean. ``twice``: the activation is read once more."""
    generator = np.random.default_rng(3)
    expand = generator.normal(size=(CHANNELS, 3, 1, 1))
    bias = generator.uniform(0.2, 0.6, CHANNELS)
    expand[2], bias[2] = 0, 0.004  # of a range of about 4: a quarter of a step, in int8
    expand[5] *= 0.02
    outputs_ = CHANNELS * multiplier
    scale = np.ones(outputs_)
    scale[2 * multiplier : 3 * multiplier] = 250
    arrays = {
        "expand": expand,
        "expand.bias": bias,
        "depthwise": generator.normal(size=(outputs_, 1, 3, 3)),
        "scale": scale,
        "shift": np.zeros(outputs_),
        "mean": np.zeros(outputs_),
        "variance": np.ones(outputs_),
        "project": generator.normal(size=(5, outputs_, 1, 1)),
        "zero": np.array(0.0),
        "six": np.array(6.0),
    }
    activations = {
        "Relu6": [helper.make_node("Clip", ["a", "zero", "six"], ["b"])],
        "Relu": [helper.make_node("Relu", ["a"], ["b"])],
        "none": [helper.make_node("Identity", ["a"], ["b"])],
        "HardSwish": [helper.make_node("HardSwish", ["a"], ["b"])],
    }
    nodes = [
        helper.make_node("Conv", ["x", "expand", "expand.bias"], ["a"]),
        *activations[activation],
        helper.make_node("Conv", ["b", "depthwise"], ["c"], group=CHANNELS, pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["d"]),
        helper.make_node("Conv", ["d", "project"], ["e"]),
        helper.make_node("GlobalAveragePool", ["e"], ["f"]),
        helper.make_node("Flatten", ["f"], ["y"]),
    ]
    if activation == "none":
        nodes[0].output[0], nodes[1:2] = "b", []
    if twice:
        nodes[-1:] = [
            helper.make_node("GlobalAveragePool", ["b"], ["g"]),
            helper.make_node("Flatten", ["g"], ["h"]),
            helper.make_node("Flatten", ["f"], ["i"]),
            helper.make_node("Concat", ["i", "h"], ["y"], axis=1),
        ]
    graph = helper.make_graph(
        nodes,
        "separable",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5 + (CHANNELS if twice else 0)])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()],
    )
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(5).normal(size=(32, 3, 8, 8)).astype(np.float32)


def said(model, x, run, tmp_path):
    write_onnx(model, tmp_path / "float.onnx", compress=False)
    return run(str(tmp_path / "float.onnx"), x)


def said_of(model, name, x, run, tmp_path):
    """What the network computes under ``name``."""
    probed = model.clone()
    probed.graph.outputs[:] = [value for node in probed.graph for value in node.outputs if value.name == name]
    return said(probed, x, run, tmp_path)


def arrays(model):
    return {name: value.const_value.numpy() for name, value in model.graph.initializers.items()}


@pytest.mark.parametrize("activation", ["Relu6", "Relu", "none"])
def test_the_network_stays_itself_bit_by_bit_and_weak_channels_come_within_two_of_the_widest(
    activation, x, run, tmp_path
):
    folded = separable(activation)
    fold_batch_normalization(folded)
    made = equalised(separable(activation), x)
    assert np.array_equal(said(folded, x, run, tmp_path), said(made, x, run, tmp_path))
    before, after = arrays(folded), arrays(made)
    factors = after["expand.bias"] / before["expand.bias"]
    assert factors[2] >= 256
    assert factors[5] >= 2
    assert (factors >= 1).all()
    assert np.array_equal(np.log2(factors), np.round(np.log2(factors)))
    assert np.array_equal(after["expand"] != 0, before["expand"] != 0)
    peaks = np.abs(said_of(made, "b", x, run, tmp_path)).max(axis=(0, 2, 3))
    assert (peaks > 0.5 * peaks.max()).all()


def test_each_output_of_a_channel_is_divided_by_its_factor(x, run, tmp_path):
    folded = separable(multiplier=2)
    fold_batch_normalization(folded)
    made = equalised(separable(multiplier=2), x)
    assert not np.array_equal(arrays(made)["depthwise"], arrays(folded)["depthwise"])
    assert np.array_equal(said(folded, x, run, tmp_path), said(made, x, run, tmp_path))


@pytest.mark.parametrize("model", [separable("HardSwish"), separable(twice=True)], ids=["HardSwish", "read twice"])
def test_what_would_become_another_network_is_only_folded(model, x):
    folded = model.clone()
    fold_batch_normalization(folded)
    before, after = arrays(folded), arrays(equalised(model, x))
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_both_runtimes_compute_the_amplified_channel_which_without_it_is_rounded_away(x, run, tmp_path, monkeypatch):
    expected = said(separable(), x, run, tmp_path)

    def off():
        integers = tmp_path / "int8.onnx"
        write_onnx(quantized(separable(), x), integers, compress=False)
        write_int8(separable(), tmp_path / "int8.tflite", x)
        results = outputs(integers, x)[0], outputs(tmp_path / "int8.tflite", x, layout="channels_last")[0]
        return [np.linalg.norm(each - expected) / np.linalg.norm(expected) for each in results]

    assert max(off()) < 0.04
    for place in ("onnx", "tflite"):
        module = import_module(f"edgecompress.formats.{place}.int8.quantize")
        monkeypatch.setattr(module, "equalised", lambda model, _: model)
    assert min(off()) > 0.08


def test_a_network_of_a_dead_channel_is_left_as_it_is_there(x, run, tmp_path):
    model = separable()
    for name in ("expand", "expand.bias"):
        array = model.graph.initializers[name].const_value.numpy().copy()
        array[:] = 0
        model.graph.initializers[name].const_value = ir.Tensor(array, name=name)
    made = equalised(model, x)
    assert np.array_equal(said(model, x, run, tmp_path), said(made, x, run, tmp_path))
    assert all(np.isfinite(array).all() for array in arrays(made).values())


def test_a_channel_that_the_activation_all_but_cuts_off_gets_no_finer_than_the_sum_before_it(x, run, tmp_path):
    model = separable("Relu")
    folded = model.clone()
    fold_batch_normalization(folded)
    highest = said_of(folded, "a", x, run, tmp_path).max(axis=(0, 2, 3))
    bias = model.graph.initializers["expand.bias"].const_value.numpy().copy()
    bias[0] -= highest[0] - 1e-6  # its largest value is just above zero, and its weights are as large as any
    model.graph.initializers["expand.bias"].const_value = ir.Tensor(bias, name="expand.bias")
    made = equalised(model, x)
    factor = (arrays(made)["expand.bias"] / bias)[0]
    step = np.abs(x).max() * 2 / 255 * np.abs(arrays(made)["expand"][0]).max() / 127
    assert 1 < factor < 2**16  # its range alone would allow for 2**21
    assert step <= said_of(made, "b", x, run, tmp_path).max() / 255
    write_int8(model, tmp_path / "int8.tflite", x)
    expected = said(model, x, run, tmp_path)
    difference = outputs(tmp_path / "int8.tflite", x, layout="channels_last")[0] - expected
    assert np.linalg.norm(difference) < 0.04 * np.linalg.norm(expected)
