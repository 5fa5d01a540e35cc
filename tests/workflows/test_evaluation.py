import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from edgecompress import bundle
from edgecompress.manifest import End, Manifest
from edgecompress.sources.signature import Signature
from edgecompress.workflows.evaluation import evaluation, targets_name
from edgecompress.workflows.request import Request


def test_a_bundle_says_and_holds_what_its_metric_needs(masks_bundle):
    manifest = bundle.load(masks_bundle)
    found = manifest.judged.evaluation
    path, _, name = found.spec.rpartition(":")
    assert name == "error" and found.source_sha256 == bundle.digest(masks_bundle.parent / path)
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
    del old["judged"]["evaluation"], old["judged"]["better"]
    read = Manifest.model_validate(old).judged
    assert (read.evaluation, read.better) == (None, None)


def given(*, inputs=("x",), layout=0, whole=frozenset()):
    ends = Signature(tuple(End(name=name, shape=[1], dtype="float32") for name in inputs), (), whole)
    return SimpleNamespace(model=SimpleNamespace(signature=ends), objective=SimpleNamespace(layout=layout))


def test_targets_have_a_name_that_no_input_has():
    assert targets_name(given()) == "y"
    assert targets_name(given(inputs=("x", "y"))) == "targets"


def test_a_metric_that_files_cannot_be_judged_by_is_left_out(tmp_path):
    (tmp_path / "mine.py").write_text("def far(outputs, targets): return 0\n")
    request = Request(target="host", metric=f"{tmp_path}/mine.py:far")
    assert evaluation(request, given()).layout == 0
    assert evaluation(replace(request, metric=None), given()) is None
    assert evaluation(request, given(layout=None)) is None
    assert evaluation(request, given(whole=frozenset({"state"}))) is None
    assert evaluation(replace(request, metric="builtins:max"), given()) is None
