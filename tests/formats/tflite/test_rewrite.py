import numpy as np
import pytest

from edgecompress.formats.tflite import csr, model_file
from edgecompress.formats.tflite.reader import constants
from edgecompress.formats.tflite.rewrite import rewrite
from edgecompress.formats.tflite.scales import Scales
from edgecompress.formats.tflite.survey import weights
from edgecompress.formats.tflite.weights import Stored

INTEGERS = (np.arange(24).reshape(6, 4) % 5).astype(np.int8)
SINGLE = INTEGERS.astype(np.float32)
SCALES = Scales(np.ones(6, np.float32), 0)
FORMS = [
    Stored(SINGLE),
    Stored(SINGLE.astype(np.float16)),
    Stored(INTEGERS, SCALES),
    Stored(csr.pack(SINGLE, 1)),
    Stored(csr.pack(SINGLE.astype(np.float16), 0)),
    Stored(csr.pack(INTEGERS, 1), SCALES),
]
X = {"x": np.random.default_rng(0).normal(size=(1, 4)).astype(np.float32)}


def _model(build, stored):
    """Two layers that share a weight, after an operator that has nothing to do with it."""
    x, r = build.tensor("x", (1, 4)), build.tensor("r", (1, 4))
    build.operator("RELU", [x], [r])
    w = build.weight("w", stored)
    ends = [build.tensor(name, (1, 6)) for name in ("y", "z")]
    for given, end in zip((r, x), ends, strict=True):
        build.operator("FULLY_CONNECTED", [given, w, -1], [end], "FullyConnectedOptions")
    return build.model([x], ends)


@pytest.mark.parametrize("new", FORMS, ids=lambda form: form.encoding)
@pytest.mark.parametrize("old", FORMS, ids=lambda form: form.encoding)
def test_any_form_becomes_any_other_and_computes_the_same(litert, tmp_path, foreign, old, new):
    expected = litert.run(tmp_path, model_file.serialize(_model(foreign(), Stored(SINGLE))), X)
    model = _model(foreign(), old)
    rewrite(model, [(weight, new) for weight in weights(model)])
    data = model_file.serialize(model)
    found = litert.run(tmp_path, data, X)
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in expected.items()
    }
    (constant,) = constants(data, "file")
    assert (constant.name, constant.encoding, constant.decoders) == ("w", new.encoding, len(new.steps))
    graph = model.subgraphs[0]
    codes = [model_file.operator_name(model, operator) for operator in graph.operators]
    assert codes == ["RELU", *new.steps, "FULLY_CONNECTED", "FULLY_CONNECTED"]
    # No tensor is added where the old form's can serve.
    assert len(graph.tensors) == max(5 + len(old.steps), 5 + len(new.steps))


def test_names_stay_unique(foreign):
    build = foreign()
    x, taken, y = build.tensor("x", (1, 4)), build.tensor("w/float32", (1, 6)), build.tensor("y", (1, 6))
    w = build.tensor("w", (6, 4), SINGLE)
    build.operator("FULLY_CONNECTED", [x, w, -1], [taken], "FullyConnectedOptions")
    build.operator("RELU", [taken], [y])
    model = build.model([x], [y])
    rewrite(model, [(weight, FORMS[1]) for weight in weights(model)])
    assert model.subgraphs[0].tensors[-1].name == b"w/float32/2"


def test_tensors_that_share_a_buffer_are_decoded_once(litert, tmp_path, foreign):
    build = foreign()
    x = build.tensor("x", (1, 4))
    first = build.tensor("first", (6, 4), SINGLE)
    second = build.tensor("second", (6, 4), buffer=1)
    ends = [build.tensor(name, (1, 6)) for name in ("y", "z")]
    for w, end in zip((first, second), ends, strict=True):
        build.operator("FULLY_CONNECTED", [x, w, -1], [end], "FullyConnectedOptions")
    expected = litert.run(tmp_path, build.file([x], ends), X)
    model = build.model([x], ends)
    rewrite(model, [(weight, FORMS[4]) for weight in weights(model)])
    data = model_file.serialize(model)
    found = litert.run(tmp_path, data, X)
    assert found["y"].tobytes() == found["z"].tobytes() == expected["z"].tobytes()
    assert [constant.name for constant in constants(data, "file")] == ["first"]
