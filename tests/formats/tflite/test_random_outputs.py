import importlib
import json

import numpy as np
import pytest

from edgecompress.equivalence.random_inputs import AGAIN, DOES_NOT_LOAD, REPORT
from edgecompress.formats.tflite import attempts, random_outputs
from edgecompress.formats.tflite.schema import schema

STATED = {"shapes": {}, "low": 0, "high": 2, "positive": False}


def _add(build, kinds=("float32", "float32")):
    inputs = [build.tensor(name, (2, 3), kind=kind) for name, kind in zip("ab", kinds, strict=True)]
    y = build.tensor("y", (2, 3), kind=kinds[0])
    build.operator("ADD", inputs, [y], "AddOptions")
    return inputs, y


def _interpreter(data):
    return importlib.import_module("ai_edge_litert.interpreter").Interpreter(model_content=data, num_threads=1)


def test_every_input_gets_other_numbers_and_each_run_the_same(foreign):
    build = foreign()
    inputs, y = _add(build)
    first, second = (random_outputs.outputs(_interpreter(build.file(inputs, [y])), STATED) for _ in range(2))
    assert list(first) == ["/0"]
    assert first["/0"].tobytes() == second["/0"].tobytes()
    a, b = (np.random.default_rng(seed).standard_normal((2, 3)).astype(np.float32) for seed in (0, 1))
    np.testing.assert_array_equal(first["/0"], a + b)


def test_every_signature_is_run(foreign):
    build, s = foreign(), schema()
    inputs, y = _add(build)
    signatures = [
        s.SignatureDefT(
            inputs=[s.TensorMapT("a", 0), s.TensorMapT("b", 1)], outputs=[s.TensorMapT("sum", y)], signatureKey=key
        )
        for key in ("one", "two")
    ]
    found = random_outputs.outputs(_interpreter(build.file(inputs, [y], signatureDefs=signatures)), STATED)
    assert sorted(found) == ["one/sum", "two/sum"]


def test_wider_integers_may_be_indices_and_stay_small(foreign):
    build = foreign()
    inputs, y = _add(build, ("int32", "int32"))
    found = random_outputs.outputs(_interpreter(build.file(inputs, [y])), STATED)["/0"]
    assert set(found.reshape(-1)) <= {0, 1, 2}


def test_shapes_that_are_tried_are_taken_with_signatures_and_without(foreign):
    s = schema()
    for keys in ((), ("one",), ("one", "two")):
        build = foreign()
        inputs, y = _add(build)
        for index in (*inputs, y):
            build.tensors[index].shapeSignature = [-1, 3]
        maps = [s.TensorMapT("a", 0), s.TensorMapT("b", 1)], [s.TensorMapT("sum", y)]
        signatures = [s.SignatureDefT(inputs=maps[0], outputs=maps[1], signatureKey=key) for key in keys]
        data = build.file(inputs, [y], signatureDefs=signatures)
        names = [each.name for each in attempts.inputs(s.ModelT.InitFromPackedBuf(data, 0))]
        assert names == [f"{key}/{name}" for key in keys for name in "ab"] if len(keys) > 1 else ["a", "b"]
        found = random_outputs.outputs(_interpreter(data), STATED | {"shapes": {name: [5, 3] for name in names}})
        assert [array.shape for array in found.values()] == [(5, 3)] * max(1, len(keys))


def test_what_goes_wrong_is_one_line_on_stderr(tmp_path, capsys, foreign):
    file, listed = tmp_path / "model.tflite", tmp_path / "attempts.json"
    listed.write_text("[]")
    file.write_bytes(b"\x1c\0\0\0TFL3" + bytes(64))
    assert random_outputs.main([str(file), str(listed), str(tmp_path)]) == DOES_NOT_LOAD
    assert len(capsys.readouterr().err.splitlines()) == 1
    build = foreign()
    inputs, y = _add(build)
    file.write_bytes(build.file(inputs, [y]))
    for options in ([], [random_outputs.NO_DELEGATE, AGAIN]):
        assert random_outputs.main([str(file), str(listed), str(tmp_path), *options]) == 0
        with np.load(tmp_path / "outputs.npz") as archive:
            assert archive["/0"].shape == (2, 3)
        assert json.loads((tmp_path / REPORT).read_text()) == {"attempt": 0, "changing": []}


def test_text_has_no_random_numbers():
    detail = {"name": "words", "dtype": np.bytes_, "shape": np.array([1])}
    with pytest.raises(TypeError, match="'words'"):
        random_outputs._noise(detail, "words", STATED, 0)
