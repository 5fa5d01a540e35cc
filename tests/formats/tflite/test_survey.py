import numpy as np
import pytest

from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.consumers import ReadingOperator
from edgecompress.formats.tflite.scales import Scales
from edgecompress.formats.tflite.survey import OperatorInput, weights
from edgecompress.formats.tflite.weights import Stored

ARRAY = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
HALF = ARRAY.astype(np.float16)
INT8 = Stored(np.ones((6, 4), np.int8), Scales(np.ones(6, np.float32)))


def _dense(build, x, w, name="y", **options):
    y = build.tensor(name, (1, 6))
    build.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions", **options)
    return y


@pytest.mark.parametrize("stored", [Stored(ARRAY), Stored(HALF), Stored(csr.pack(HALF, 1)), INT8])
def test_a_weight_is_found_through_whatever_decodes_it(foreign, stored):
    build = foreign()
    x = build.tensor("x", (1, 4))
    w = build.weight("w", stored)
    y = _dense(build, x, w, fusedActivationFunction=1)
    (weight,) = weights(build.model([x], [y]))
    steps = len(stored.steps)
    assert (weight.subgraph, weight.root) == (0, 1)
    assert weight.decoders == tuple(range(steps))
    assert weight.made == tuple(range(2, 2 + steps))
    assert weight.readers == (OperatorInput(steps, 1),)
    assert weight.readings == (ReadingOperator("FULLY_CONNECTED", 1, activation=1),)


def test_all_readers_are_found_and_a_bias_that_is_computed_is_seen(foreign):
    build = foreign()
    x, b = build.tensor("x", (1, 4)), build.tensor("b", (6,))
    w = build.weight("w", Stored(HALF))
    y, z = build.tensor("y", (1, 6)), build.tensor("z", (1, 6))
    build.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    build.operator("FULLY_CONNECTED", [x, w, b], [z], "FullyConnectedOptions", weightsFormat=1)
    (weight,) = weights(build.model([x, b], [y, z]))
    assert [reader.operator for reader in weight.readers] == [1, 2]
    assert weight.readings == (
        ReadingOperator("FULLY_CONNECTED", 1),
        ReadingOperator("FULLY_CONNECTED", 1, constant_bias=False, default_weights=False),
    )


def test_what_must_stay_is_not_a_weight(foreign):
    build = foreign()
    x = build.tensor("x", (1, 4))
    y = _dense(build, x, build.tensor("output too", (6, 4), ARRAY))
    z = _dense(build, x, build.tensor("variable", (6, 4), ARRAY), "z")
    build.tensors[3].isVariable = True
    hybrid = build.tensor("read as int8", (6, 4), INT8.values, scales=INT8.scales)
    v = _dense(build, x, hybrid, "v")
    twice = build.tensor("decoded twice", (6, 4), HALF)
    for name in ("a", "b"):
        single = build.tensor(name, (6, 4))
        build.operator("DEQUANTIZE", [twice], [single], "DequantizeOptions", 3)
        _dense(build, x, single, f"of {name}")
    build.tensor("unread", (6, 4), ARRAY)
    assert weights(build.model([x], [y, z, v, 1])) == []


def test_tensors_of_one_buffer_are_one_weight_where_they_are_alike(foreign):
    build = foreign()
    x = build.tensor("x", (1, 4))
    first = build.tensor("first", (6, 4), ARRAY)
    second = build.tensor("second", (6, 4), buffer=1)
    y, z = _dense(build, x, first), _dense(build, x, second, "z")
    (weight,) = weights(build.model([x], [y, z]))
    assert (weight.root, [alias.root for alias in weight.aliases]) == (1, [2])
    assert weight.readers == (OperatorInput(0, 1), OperatorInput(1, 1))
    # The same bytes in another shape, or read by something that is not a weight, keep the buffer as it is.
    third = build.tensor("third", (4, 6), buffer=1)
    v = build.tensor("v", (1, 4))
    build.operator("FULLY_CONNECTED", [y, third, -1], [v], "FullyConnectedOptions")
    assert weights(build.model([x], [v, z])) == []


def test_subgraphs_that_other_operators_run_are_left_alone(foreign):
    build, body = foreign(), foreign()
    body.codes = build.codes
    for each in (build, body):
        x = each.tensor("x", (1, 4))
        y = _dense(each, x, each.tensor("w", (6, 4), ARRAY))
    model = build.model([x], [y])
    model.subgraphs.append(body.model([x], [y]).subgraphs[0])
    model.buffers.append(model.buffers[1])
    model.subgraphs[1].tensors[1].buffer = 2
    assert [weight.subgraph for weight in weights(model)] == [0]
    model.signatureDefs = [build.s.SignatureDefT(signatureKey="second", subgraphIndex=1)]
    assert [weight.subgraph for weight in weights(model)] == [0, 1]
