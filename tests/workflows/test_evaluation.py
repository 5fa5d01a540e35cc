import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgecompress import bundle
from edgecompress.manifest import End, Manifest
from edgecompress.sources.callables import find
from edgecompress.sources.signature import Signature
from edgecompress.workflows.evaluation import evaluation, targets_name
from edgecompress.workflows.request import Request


def test_a_bundle_says_and_holds_what_its_metric_needs(masks_bundle):
    manifest = bundle.load(masks_bundle)
    found = manifest.judged.evaluation
    path, _, name = found.spec.rpartition(":")
    assert name == "error" and found.source_sha256 == bundle.digest(masks_bundle.parent / path)
    assert (found.source, found.host_only) == ("metric.py", "")
    assert manifest.files["metric.py"].sha256 == found.source_sha256
    assert (masks_bundle / "metric.py").read_bytes() == Path(path).read_bytes()
    assert found.layout == {"mask": 0, "area": [1]}
    assert [end.shape for end in manifest.model.outputs] == [[3, 6, 5], [2]]
    with np.load(masks_bundle / "eval.npz") as data:
        assert data[found.targets].shape == (24, 3, 6, 5)
        assert np.array_equal(data["y"][:, :1], data["x"])
    assert "y the targets" in manifest.files["eval.npz"].what


def test_the_card_says_which_way_is_better_and_where_the_targets_are(masks_bundle):
    card = (masks_bundle / "README.md").read_text()
    assert "| error (24 samples; lower is better) |" in card
    assert "and their targets as `y`" in card


def test_a_manifest_of_before_is_read(masks_bundle):
    old = json.loads((masks_bundle / "manifest.json").read_text())
    del old["judged"]["evaluation"]["source"], old["judged"]["evaluation"]["host_only"]
    assert Manifest.model_validate(old).judged.evaluation.source is None
    del old["judged"]["evaluation"], old["judged"]["better"]
    read = Manifest.model_validate(old).judged
    assert (read.evaluation, read.better) == (None, None)


def given(*, inputs=("x",), outputs=(), layout=0, whole=frozenset(), function=None):
    ends = [End(name=name, shape=[1], dtype="float32") for name in inputs]
    given = Signature(tuple(ends), tuple(outputs), whole)
    objective = SimpleNamespace(layout=layout, functions={"metric": function})
    return SimpleNamespace(model=SimpleNamespace(signature=given), objective=objective)


def test_targets_have_a_name_that_no_input_has():
    assert targets_name(given()) == "y"
    assert targets_name(given(inputs=("x", "y"))) == "targets"


def test_a_metric_that_files_cannot_be_judged_by_is_left_out(tmp_path):
    (tmp_path / "mine.py").write_text("import torch\n\ndef far(outputs, targets): return 0\n")
    request = Request(target="host", metric=f"{tmp_path}/mine.py:far")

    def of(asked, network):
        return evaluation(asked, network, tmp_path, "model.onnx")

    assert of(request, given()).layout == 0
    assert of(replace(request, metric=None), given()) is None
    assert of(request, given(layout=None)) is None
    assert of(request, given(whole=frozenset({"state"}))) is None
    assert of(replace(request, metric="builtins:max"), given()) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("outputs.max(axis=1).mean()", "given few samples, the metric raised AttributeError: "),
        ("np.asarray(outputs).mean() / 0 * 0", "given NumPy arrays, the metric is nan"),
        ("outputs.abs().mean()", "given NumPy arrays, the metric raised AttributeError: "),
        ("outputs.std()", r"it says 0\.\d+ of NumPy arrays, and 0\.\d+ of the same numbers as tensors"),
        ("float(__file__)", "given NumPy arrays, the metric raised NameError: "),
        ("abs(outputs - targets).mean()", ""),
    ],
)
def test_a_source_is_shipped_where_it_says_the_same_of_arrays_in_a_clean_process(masks_bundle, tmp_path, body, reason):
    masks = Manifest.from_file(masks_bundle / "manifest.json").model
    folder = shutil.copytree(masks_bundle, tmp_path / "bundle")
    (folder / "metric.py").unlink()
    source = tmp_path / "mine.py"
    source.write_text(f"import numpy as np\n\ndef far(out, targets):\n    outputs = out['mask']\n    return {body}\n")
    request = Request(target="host", metric=f"{source}:far")
    network = given(inputs=["x"], outputs=masks.outputs, layout={"mask": 0, "area": [1]}, function=find(request.metric))
    found = evaluation(request, network, folder, "model.onnx")
    assert re.match(reason, found.host_only) and (found.source is None) == bool(found.host_only) == bool(reason)
    assert (folder / "metric.py").is_file() == (not reason)
