from itertools import pairwise

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.encode import group
from edgecompress.encode.group import Coder, Planned
from edgecompress.encode.member import Member
from edgecompress.encode.weights import Weights
from edgecompress.formats.onnx.builder import LABEL, Builder, NameScope
from edgecompress.formats.onnx.compress import COSTS, compress_weights
from edgecompress.formats.onnx.decoders import tensors

MODES = ["fast-load", "smallest"]


def clustered(shape, sparsity, values, seed=0):
    generator = np.random.default_rng(seed)
    array = generator.choice(generator.normal(size=values).astype(np.float32), shape)
    array[generator.random(shape) < sparsity] = 0
    return array


def graph_of(arrays, opset=18):
    """A model in which each array is multiplied by the input: its outputs for 1 are the arrays."""
    nodes = [helper.make_node("Mul", ["x", name], [f"out {name}"]) for name in arrays]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [])],
        [
            helper.make_tensor_value_info(f"out {name}", TensorProto.FLOAT, array.shape)
            for name, array in arrays.items()
        ],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    proto = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return ir.from_proto(proto)


def size(model):
    return ir.to_proto(model).ByteSize()


def outputs(model, **inputs):
    import onnxruntime

    onnx.checker.check_model(ir.to_proto(model), full_check=True)
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs or {"x": np.array(1, np.float32)})


def check(model, arrays):
    for found, array in zip(outputs(model), arrays.values(), strict=True):
        assert np.array_equal(found, array)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("count", range(150, 640, 35))
def test_the_first_byte_saved_decides(mode, count):
    """At every size the file is never larger than before, and a weight that stays is the one that says why."""
    array = np.zeros((1, count), np.float32)
    array[:, ::5] = np.arange(0.1, 4, 0.1, np.float32).repeat(4)[: len(array[0, ::5])]
    model = graph_of({"w": array})
    before = size(model)
    kept = compress_weights(model, mode)
    assert size(model) == before if kept else size(model) < before
    check(model, {"w": array})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("zeros", [(0.9, 0.7, 0.5, 0.95), (0.9, 0.6, 0.0, 0.1)], ids=["pruned", "some with few zeros"])
def test_sixty_small_layers_are_smaller_together_than_each_alone(mode, zeros):
    shapes = [(64, 8, 3, 3), (32, 16, 3, 3), (8, 8, 3, 3), (16, 8, 1, 1), (8,)]
    arrays = {f"layer{n}.conv.weight": clustered(shapes[n % 5], zeros[n % 4], (32, 16, 8)[n % 3], n) for n in range(60)}
    model = graph_of(arrays)
    before = size(model)
    kept = compress_weights(model, mode)
    together = before - size(model)
    # Alone, a vector of 8 elements takes fewer bytes than the operators that decode it.
    vectors = {name for name in arrays if arrays[name].shape == (8,)}
    assert set(kept) <= vectors
    assert together > 0.85 * before
    alone = 0
    for name, array in arrays.items():
        single = graph_of({name: array})
        raw = size(single)
        compress_weights(single, mode)
        assert size(single) <= raw
        alone += raw - size(single)
    assert together > alone + 200 * (60 - len(kept))
    check(model, arrays)


def test_a_vector_is_encoded_where_that_is_smaller():
    arrays = {"long": clustered((4000,), 0.9, 8), "short": clustered((20,), 0.5, 8), "ones": np.ones(400, np.float32)}
    model = graph_of(arrays)
    assert compress_weights(model, "smallest") == {"short": "any other encoding takes more bytes"}
    check(model, arrays)


def test_a_weight_that_many_nodes_use_is_decoded_once():
    array = clustered((64, 64), 0.9, 8)
    model = graph_of({"w": array})
    for number in range(3):
        again = ir.node("Neg", [model.graph.initializers["w"]], outputs=[ir.Value(name=f"again {number}")])
        again.outputs[0].type, again.outputs[0].shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape(array.shape)
        model.graph.append(again)
        model.graph.outputs.append(again.outputs[0])
    assert not compress_weights(model, "smallest")
    assert sum(LABEL in node.metadata_props for node in model.graph) == 1
    assert sum(node.op_type == "MaxUnpool" for node in model.graph) == 1
    found = outputs(model)
    assert all(np.array_equal(each, sign * array) for each, sign in zip(found, (1, -1, -1, -1), strict=True))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sparsity", [0.0, 0.9])
@pytest.mark.parametrize("dtype", ["float16", "int8", "uint8"])
def test_other_types_come_back_as_they_were(dtype, sparsity, mode):
    generator = np.random.default_rng(0)
    levels = {"float16": [0.1, -2.5, 7], "int8": [-128, 3, 127], "uint8": [1, 128, 255]}[dtype]
    array = generator.choice(np.array(levels, dtype), (80, 90))
    array[generator.random(array.shape) < sparsity] = 0
    quantised = [] if dtype == "float16" else [helper.make_node("DequantizeLinear", ["w", "scale"], ["f"])]
    nodes = quantised or [helper.make_node("Cast", ["w"], ["f"], to=TensorProto.FLOAT)]
    made = helper.make_graph(
        [*nodes, helper.make_node("Mul", ["x", "f"], ["y"]), helper.make_node("Identity", ["w"], ["z"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [])],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, array.shape),
            helper.make_tensor_value_info("z", helper.np_dtype_to_tensor_dtype(array.dtype), array.shape),
        ],
        [numpy_helper.from_array(array, "w"), numpy_helper.from_array(np.array(0.5, np.float32), "scale")],
    )
    model = ir.from_proto(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))
    before = size(model)
    assert "w" not in compress_weights(model, mode)
    assert size(model) < 0.6 * before
    product, same = outputs(model)
    assert (same.dtype, same.tobytes()) == (array.dtype, array.tobytes())
    assert np.array_equal(product, array.astype(np.float32) * (0.5 if quantised else 1))


@pytest.mark.parametrize("mode", MODES)
def test_the_same_model_gives_the_same_bytes(mode):
    arrays = {f"w{n}": clustered((40, 50), (0.9, 0.5, 0.0)[n % 3], 20, n) for n in range(9)}
    made = []
    for _ in range(2):
        model = graph_of(arrays)
        compress_weights(model, mode)
        made.append(ir.to_proto(model).SerializeToString(deterministic=True))
    assert made[0] == made[1]


def test_fast_load_takes_no_wavelet_and_is_never_smaller():
    generator = np.random.default_rng(0)
    array = np.minimum(generator.geometric(0.4, (500, 1000)), 30).astype(np.float32)
    array[generator.random(array.shape) < 0.95] = 0
    sizes, labels = {}, {}
    for mode in MODES:
        model = graph_of({"w": array})
        compress_weights(model, mode)
        sizes[mode] = size(model)
        (labels[mode],) = (node.metadata_props[LABEL] for node in model.graph if LABEL in node.metadata_props)
        check(model, {"w": array})
    assert "wavelet" in labels["smallest"]
    assert "wavelet" not in labels["fast-load"]
    assert sizes["smallest"] < sizes["fast-load"]


def test_negative_zeros_are_kept_and_told():
    array = clustered((60, 60), 0.9, 8)
    array[0, array[0] == 0] = -0.0
    count = int(np.count_nonzero(np.signbit(array[0]) & (array[0] == 0)))
    model = graph_of({"w": array})
    assert compress_weights(model, "smallest")["w"].startswith(f"{count} elements are -0.0")
    assert np.array_equal(outputs(model)[0].view(np.uint32), array.view(np.uint32))


SPARSE = [*(Coder("rice", k) for k in (0, 3, 8)), Coder("escape", 4), Coder("wavelet", 0), Coder("wavelet", 2)]
PALETTE = [Coder("packed", 5), Coder("packed", 8), Coder("wavelet", 0), Coder("wavelet", 1)]
COMBINATIONS = [
    *((gaps, Coder("packed", 5)) for gaps in SPARSE),
    *((Coder("rice", 3), values) for values in (*PALETTE, Coder("float32"), Coder("float16"))),
    *((None, values) for values in PALETTE),
]


@pytest.mark.parametrize("count", [1, 14])
@pytest.mark.parametrize(("gaps", "values"), COMBINATIONS, ids=str)
def test_estimates_are_near_what_is_built(gaps, values, count):
    """What is merged with what rests on these estimates, for few tensors and for many."""
    generator = np.random.default_rng(0)
    members = []
    for number in range(count):
        array = clustered((64, 64, 3, 3), 0.9, 20, number)
        if values.kind.startswith("float"):
            noise = generator.normal(size=array.shape).astype(values.kind)
            array = np.where(array == 0, 0, noise).astype(np.float32)
        member = Member.of(f"layers.{number}.weight", Weights(array), sparse=gaps is not None)
        members.append(member.filled(gaps.bits) if gaps and gaps.kind == "wavelet" else member)
    planned = [[Planned(tuple(members), coder, 0)] if coder else [] for coder in (gaps, values)]
    encoded = group.encode(*planned)
    build = Builder(NameScope({each.name for each in members}, 18))
    for name, value in tensors.group(build, encoded).items():
        build.finish(value, name, encoded.labels()[name])
    spent = build.byte_size() - encoded.size
    # What is done once for all tensors decides nothing: joining the bits of Rice codes, placing elements.
    once = (170 if gaps else 0) + (230 if gaps and gaps.kind == "rice" else 0)
    each = COSTS.alike if gaps and count > 1 else COSTS.member
    estimate = once + count * (each + (COSTS.sparse if gaps else 0))
    for stream in (*encoded.gaps, *encoded.values):
        levels = len(stream.code.leaves_at) if stream.coder.kind == "wavelet" else 0
        width = 0 if stream.coder.kind.startswith("float") else stream.coder.bits
        estimate += COSTS.coder[stream.coder.kind] + COSTS.numbers(width) + COSTS.level * levels
    assert estimate / 1.35 < spent < estimate * 1.35


def test_what_stays_says_why():
    weight = np.zeros((64, 64), np.float32)
    weight[0] = 1
    initializers = {
        "used": weight,
        "unused": weight,
        "given": weight,
        "whole": weight.astype(np.float64),
        "bias": np.arange(64, dtype=np.float32) / 10,
        "out": weight,
        "half": np.full((40, 40), np.nan, np.float16),
    }
    made = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "used"], ["a"]),
            helper.make_node("MatMul", ["a", "given"], ["b"]),
            helper.make_node("Add", ["b", "bias"], ["y"]),
            helper.make_node("Identity", ["whole"], ["z"]),
            helper.make_node("Identity", ["half"], ["h"]),
        ],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [64, 64]) for name in ("x", "given")],
        [
            helper.make_tensor_value_info(name, dtype, shape)
            for name, dtype, shape in [
                ("y", TensorProto.FLOAT, [64, 64]),
                ("z", TensorProto.DOUBLE, [64, 64]),
                ("out", TensorProto.FLOAT, [64, 64]),
                ("h", TensorProto.FLOAT16, [40, 40]),
            ]
        ],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()],
    )
    model = ir.from_proto(helper.make_model(made, ir_version=8))
    kept = compress_weights(model, "smallest")
    assert {name: reason.split()[0] for name, reason in kept.items()} == {
        "unused": "nothing",
        "given": "a",
        "whole": "neither",
        "bias": "any",
        "out": "it",
        "half": "float16",
    }
    assert set(model.graph.initializers) >= set(kept)
    assert "used" not in model.graph.initializers
    onnx.checker.check_model(ir.to_proto(model), full_check=True)


def test_new_names_do_not_hide_names_of_the_graph_or_of_the_bodies_in_it():
    """A network whose own values are called 0, a, 1 ..., also inside a branch, still gives its result."""
    weight = np.zeros((32, 32), np.float32)
    weight[::3] = 2.0
    names = ["0", "a", "1", "b", "2", "z"]
    inner = [helper.make_node("Neg", [a], [b]) for a, b in pairwise(["2", "z", "7"])]
    body = helper.make_graph(inner, "body", [], [helper.make_tensor_value_info("7", TensorProto.FLOAT, [1, 32])])
    nodes = [helper.make_node("MatMul", [a, "w"], [b]) for a, b in pairwise(names[:5])]
    nodes.append(helper.make_node("If", ["flag"], ["y"], then_branch=body, else_branch=body))
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("0", TensorProto.FLOAT, [1, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 32])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.array(True), "flag")],
    )
    proto = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    before, after = ir.from_proto(proto), ir.from_proto(proto)
    assert compress_weights(after, "smallest") == {"flag": "neither float32, float16, int8 nor uint8"}
    given = {"0": np.random.default_rng(0).normal(size=(1, 32)).astype(np.float32)}
    assert np.array_equal(outputs(before, **given)[0], outputs(after, **given)[0])


@pytest.mark.parametrize("mode", MODES)
def test_a_weight_that_a_normalisation_was_folded_into_is_about_as_small_as_before(mode):
    factors = np.random.default_rng(1).uniform(-2, 2, (64, 1, 1, 1)).astype(np.float32)
    plain = clustered((64, 64, 3, 3), 0.9, 15)
    folded = plain * factors + np.float32(0)
    before, after = graph_of({"w": plain}), graph_of({"w": folded, "other": plain[:, :9]})
    whole = graph_of({"other": plain[:, :9]})
    for model in (before, after, whole):
        compress_weights(model, mode)
    assert size(after) - size(whole) < size(before) + 64 * 8 + 16 * 8 + 400
    assert outputs(after)[0].tobytes() == folded.tobytes()
    (label,) = {node.metadata_props[LABEL] for node in after.graph if node.outputs[0].name == "w"}
    assert label.endswith("+channel codebooks") and label.startswith("rice")
