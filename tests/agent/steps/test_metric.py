import io

import numpy as np
import onnx
import pytest
from onnx import helper as h

from edgecompress.agent.errors import JobError, RuntimeRefusedError
from edgecompress.agent.events import Events
from edgecompress.agent.job import Job
from edgecompress.agent.steps import metric as module
from edgecompress.agent.steps.metric import metric

FAR = """
import numpy as np

def far(outputs, targets):
    assert type(outputs) is np.ndarray and outputs.dtype == np.float32 and outputs.shape == (len(targets), 5)
    return np.abs(outputs - targets).max()
"""


@pytest.fixture
def job(file, x, expected, tmp_path):
    """Of a file that is off by one at most."""
    (tmp_path / "metric.py").write_text(FAR)
    np.savez(tmp_path / "eval.npz", x=x, y=expected + np.eye(20, 5))
    return {
        **file, "inputs": "eval.npz", "targets": "y", "source": "metric.py", "function": "far", "arrangement": "logits",
        "output": "first.npz", "compared": 3,
    }  # fmt: skip


def test_the_function_judges_every_row_and_the_first_rows_come_back(agent, job, tmp_path, expected):
    code, events, errors = agent("metric", job)
    assert code == 0, errors
    found = events[-1]
    assert (found["event"], found["file"], found["samples"]) == ("metric", job["file"].rpartition("/")[2], 20)
    assert found["value"] == pytest.approx(1, rel=1e-5) and found["runtime"] in ("onnxruntime", "litert")
    with np.load(tmp_path / "first.npz") as archive:
        assert archive["logits"].dtype == np.float32
        np.testing.assert_allclose(archive["logits"], expected[:3], rtol=1e-5, atol=1e-5)
    code, events, _ = agent("metric", {**job, "limit": 7, "compared": 20})
    assert (code, events[-1]["samples"]) == (0, 7)
    with np.load(tmp_path / "first.npz") as archive:
        assert archive["logits"].shape == (7, 5)


@pytest.mark.parametrize(
    ("source", "changes", "line"),
    [
        ("import no_such_module", {}, "metric.py raised ModuleNotFoundError: No module named 'no_such_module'"),
        ("def far(a, b): return a.abs()", {}, "the metric raised AttributeError: "),
        ("def far(a, b): return a.max() * float('nan')", {}, "the metric is nan"),
        (FAR, {"function": "near"}, "metric.py has no function 'near'"),
        (FAR, {"targets": "z"}, "has no array 'z' (it has x, y)"),
        (FAR, {"arrangement": ["a", "b"]}, "has no output 'a' (it has "),
        (FAR, {"arrangement": [1]}, "a layout has names of outputs"),
    ],
)
def test_what_goes_wrong_is_one_line(files, job, tmp_path, source, changes, line):
    (tmp_path / "metric.py").write_text(source)
    with pytest.raises(JobError) as error:
        metric(Job({**job, **changes}, tmp_path), Events(io.StringIO()))
    assert line in str(error.value) and "\n" not in str(error.value)


def several(tmp_path, batch):
    """A network of a mask, channels last as TFLite has it, and of whole numbers."""
    graph = h.make_graph(
        [h.make_node("Identity", ["x"], ["mask"]), h.make_node("Identity", ["n"], ["tokens"])],
        "g",
        [
            h.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [batch, 2, 3, 4]),
            h.make_tensor_value_info("n", onnx.TensorProto.INT64, [batch, 2]),
        ],
        [
            h.make_tensor_value_info("mask", onnx.TensorProto.FLOAT, [batch, 2, 3, 4]),
            h.make_tensor_value_info("tokens", onnx.TensorProto.INT64, [batch, 2]),
        ],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=9), tmp_path / "m.onnx")
    x = np.random.default_rng(0).normal(size=(7, 4, 2, 3)).astype(np.float32)
    np.savez(tmp_path / "eval.npz", x=x, n=np.arange(14).reshape(7, 2), y=x)
    (tmp_path / "metric.py").write_text(
        "def off(outputs, targets):\n"
        "    tokens, = outputs['more']\n"
        "    assert tokens.tolist() == [[2 * i, 2 * i + 1] for i in range(7)]\n"
        "    outputs['mask'] -= targets\n"
        "    return abs(outputs['mask']).max()\n"
    )
    return {
        "file": "m.onnx", "layout": "channels_last", "inputs": "eval.npz", "targets": "y", "source": "metric.py",
        "function": "off", "arrangement": {"mask": "mask", "more": ["tokens"]}, "output": "first.npz", "compared": 2,
    }  # fmt: skip


@pytest.mark.parametrize("held", [module.IN_MEMORY, 0])
@pytest.mark.parametrize("batch", ["N", 3])
def test_outputs_come_as_the_network_gives_them_from_memory_and_from_a_file(tmp_path, monkeypatch, held, batch):
    monkeypatch.setattr(module, "IN_MEMORY", held)
    job = several(tmp_path, batch)
    before = set(tmp_path.iterdir())
    said = io.StringIO()
    metric(Job(job, tmp_path), Events(said))
    assert '"value": 0.0, "samples": 7' in said.getvalue()
    assert set(tmp_path.iterdir()) - before == {tmp_path / "first.npz"}
    with np.load(tmp_path / "first.npz") as archive, np.load(tmp_path / "eval.npz") as given:
        assert np.array_equal(archive["mask"], given["x"][:2])


def test_outputs_that_are_not_finite_are_the_files_fault(tmp_path):
    job = several(tmp_path, "N")
    with np.load(tmp_path / "eval.npz") as archive:
        given = dict(archive)
    given["x"][4] = np.inf
    np.savez(tmp_path / "eval.npz", **given)
    with pytest.raises(RuntimeRefusedError, match=r"m\.onnx gives outputs that are not finite, first at sample 4"):
        metric(Job(job, tmp_path), Events(io.StringIO()))
