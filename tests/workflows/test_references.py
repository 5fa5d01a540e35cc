import numpy as np
import onnx
import pytest
from onnx import helper as h
from onnx import numpy_helper as n

from edgecompress import bundle
from edgecompress.export.named import Named
from edgecompress.export.verified import LATENCY, Reference
from edgecompress.progress import silent
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.reading import prepare
from edgecompress.workflows.references import fidelity, reference, samples_of
from edgecompress.workflows.request import Request

W = np.random.default_rng(0).normal(size=(6, 6)).astype(np.float32)


def save(path, nodes, outputs, kind=1):
    graph = h.make_graph(
        nodes,
        "g",
        [h.make_tensor_value_info("x", kind, ["n", 6]), h.make_tensor_value_info("mask", 9, ["n", 6])],
        [h.make_tensor_value_info(name, kind, ["n", 6]) for name in outputs],
        [n.from_array(W.astype(np.float16 if kind == 10 else np.float32), "w")],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9), path)
    return str(path)


def several(path, kind=1):
    nodes = [h.make_node("MatMul", ["x", "w"], ["a"]), h.make_node("Relu", ["a"], ["b"]),
             h.make_node("Where", ["mask", "a", "b"], ["y"])]  # fmt: skip
    return save(path, nodes, ("y", "b"), kind)


def unknown(path):
    nodes = [h.make_node("MatMul", ["x", "w"], ["a"]), h.make_node("Where", ["mask", "a", "x"], ["b"]),
             h.make_node("Celu", ["b"], ["y"])]  # fmt: skip
    return save(path, nodes, ("y",))


def given(tmp_path, model, **options):
    said = []
    request = Request(target="host", model=model, cache_dir=tmp_path / "cache", **options)
    return prepare(request, progress=silent, warn=said.append), said


def test_several_ends_go_by_their_names_and_a_network_that_does_not_run_is_run_by_onnxruntime(tmp_path):
    for make, reason in ((several, "no data were given"), (unknown, "Celu cannot be run in PyTorch here")):
        made, said = given(tmp_path, make(tmp_path / "m.onnx"))
        assert reason in said[0]
        assert made.model.by_name
        assert samples_of(made, 3).keys() == {"x", "mask"}
        known = reference(made, made.graph(), made.data.test_x[:4])
        assert isinstance(known, Named)
        session = pytest.importorskip("onnxruntime").InferenceSession(str(tmp_path / "m.onnx"))
        wanted = session.run(None, samples_of(made, 4))
        for found, array in zip(known.expected.values(), wanted, strict=True):
            np.testing.assert_allclose(found, array, atol=1e-5)


def test_fidelity_is_the_difference_over_the_dense_outputs(tmp_path):
    made, _ = given(tmp_path, several(tmp_path / "m.onnx"))
    x = np.array([[3.0, 4.0], [0.0, 5.0]], np.float32)
    found = fidelity(made, Reference(x, x, None), Reference(x, x * np.float32(0.9), None))
    assert found.relative_error == pytest.approx(0.1)
    assert (found.agreement, found.inputs, found.samples) == (1.0, "noise", 2)


@pytest.mark.parametrize(("make", "kind"), [(several, 1), (several, 10), (unknown, None)])
def test_a_bundle_of_named_ends_has_their_names_and_says_what_has_no_tflite_form(tmp_path, make, kind):
    model = make(tmp_path / "m.onnx", kind) if kind else make(tmp_path / "m.onnx")
    data = tmp_path / "d.npz"
    random = np.random.default_rng(1)
    np.savez(data, x=random.normal(size=(40, 6)).astype(np.float32), mask=random.random((40, 6)) > 0.5)
    said = []
    folder, manifest = build_bundle(
        Request(target="host", model=model, data=str(data), output=tmp_path / "out", cache_dir=tmp_path / "cache"),
        progress=silent,
        warn=said.append,
    )
    assert bundle.load(folder).fidelity.inputs == "given"
    assert [end.name for end in manifest.model.inputs] == ["x", "mask"]
    assert ("model.tflite" in manifest.models) == (kind == 1)
    assert any("no TFLite file" in message for message in said) == (kind != 1)
    assert manifest.models["model.onnx"].verification.identical_weights == 1
    for name, file in manifest.models.items():
        latency = file.verification.latency
        if file.kind == "dense":
            assert latency is None, "it is what the others are compared with"
        else:
            assert (latency.dense, latency.limit) == (name.replace("model", "dense"), LATENCY)
            assert latency.low <= min(latency.ratio, LATENCY)
    given_to = onnx.load(folder / "model.onnx").graph
    assert [each.name for each in given_to.input] == ["x", "mask"]
    assert (manifest.recipe.reconstruct is None) == (make is unknown)
    assert manifest.stages[-1].sparsity == pytest.approx(0.5, abs=0.03)
    assert "x`: batch x 6" in (folder / "README.md").read_text()
