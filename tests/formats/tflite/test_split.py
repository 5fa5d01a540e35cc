import numpy as np
import pytest

from edgecompress.formats.tflite import csr, split
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize

CONV = {"strideH": 1, "strideW": 1}


def _graph(code="CONV_2D", outputs=600, channels=300, groups=1, **options):
    random = np.random.default_rng(1)
    shape = (outputs, 3, 3, channels // groups) if code == "CONV_2D" else (outputs, channels)
    kept = random.random(shape) < 0.05
    weight = np.where(kept, random.normal(0, 1, shape), 0).astype(np.float16).astype(np.float32)
    places = (1, 4, 5) if code == "CONV_2D" else (1,)
    x, y = Tensor("x", (*places, channels)), Tensor("y", (*places, outputs))
    w = Tensor("w", shape, weight, compressible=True)
    b = Tensor("b", (outputs,), np.linspace(-1, 1, outputs, dtype=np.float32))
    version = 6 if groups > 1 else 1
    return TfliteGraph(
        [x], [y], [TfliteOperator(code, [x, w, b], y, options | (CONV if code == "CONV_2D" else {}), version)]
    ), w


def _stored(weight):
    return Stored(csr.pack(weight.astype(np.float16), 0))


@pytest.mark.parametrize("kernels", ["xnnpack", "builtin", "reference"])
@pytest.mark.parametrize(
    ("code", "options"),
    [("CONV_2D", {"fusedActivationFunction": 1}), ("CONV_2D", {"padding": 1}), ("FULLY_CONNECTED", {})],
)
def test_the_parts_compute_the_bits_of_the_whole(litert, tmp_path, code, options, kernels):
    graph, w = _graph(code, **options)
    if "padding" in options:
        graph.outputs[0].shape = (1, 2, 3, 600)
    x = {"x": np.random.default_rng(2).normal(0, 1, graph.inputs[0].shape).astype(np.float32)}
    whole = serialize(graph, {w: _stored(w.data)})
    expected = litert.run(tmp_path, whole, x, kernels=kernels)["y"]
    narrower = split.parts(graph, w)
    assert [part.inputs[1].shape[0] for part in narrower] == [256, 256, 88]
    assert [part.inputs[1].name for part in narrower] == ["w[0:256]", "w[256:512]", "w[512:600]"]
    split.replace(graph, w, narrower)
    data = serialize(graph, {part.inputs[1]: _stored(part.inputs[1].data) for part in narrower})
    found = litert.run(tmp_path, data, x, kernels=kernels)["y"]
    assert found.tobytes() == expected.tobytes()
    assert np.ptp(found) > 0
    spent = sum(_stored(part.inputs[1].data).bytes + split.PART_BYTES for part in narrower)
    estimate = _stored(w.data).bytes - spent
    # What the choice between whole and parts rests on; the join and names account for the rest.
    assert abs(len(whole) - len(data) - estimate) < 600


@pytest.mark.parametrize("options", [{"outputs": 256}, {"outputs": 1025}, {"groups": 2}])
def test_other_layers_stay_whole(options):
    graph, w = _graph(**options)
    assert split.parts(graph, w) == []


def test_a_weight_that_two_layers_read_stays_whole():
    graph, w = _graph("FULLY_CONNECTED", outputs=300, channels=300)
    second = Tensor("z", (1, 300))
    graph.operators.append(
        TfliteOperator("FULLY_CONNECTED", [graph.outputs[0], w, graph.operators[0].inputs[2]], second)
    )
    assert split.parts(graph, w) == []
