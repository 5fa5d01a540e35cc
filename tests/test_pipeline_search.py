import importlib.util

import pytest

from edgecompress import bundle, pipeline_search
from edgecompress.errors import CheckError, MissingDependencyError
from edgecompress.progress import silent
from edgecompress.request import Request
from edgecompress.search.limits import Limits
from edgecompress.search.records import SearchRecord

from .conftest import SMALL

CHANGES = (*SMALL, "search.steps=0", "search.sparsities=[0.9]", "search.bits=[3]", "search.candidates=1")


def search(tmp_path, cache, limits, *, changes=CHANGES, builds=False):
    told = []
    request = Request(target="host", changes=changes, output=tmp_path / "out", cache_dir=cache, eval_samples=10)
    found = pipeline_search.search(request, limits, builds=builds, progress=silent, warn=pytest.fail, tell=told.append)
    assert told == [found.record]
    return found


def test_the_bundle_has_the_bytes_that_were_counted_and_the_layers_that_were_chosen(
    tmp_path, small_bundle, small_cache
):
    found = search(tmp_path, small_cache, Limits(100.0, None, 6), builds=True)
    assert SearchRecord.from_file(found.folder / "search.json") == found.record
    best = found.record.candidates[found.record.chosen]
    folder, manifest = found.built
    assert folder == tmp_path / "out" / "alexnet-digits-host"
    assert bundle.load(folder) == manifest
    assert manifest.models["model.onnx"].bytes == best.bytes <= bundle.load(small_bundle).models["model.onnx"].bytes
    assert best.trial is not None
    for name, setting in found.record.trials[best.trial].layers.items():
        layer = manifest.recipe.layer(name)
        assert (layer.sparsity, layer.bits) == (setting.sparsity, setting.bits)
    again = search(tmp_path, small_cache, Limits(100.0, None, 6))  # what a search left may be replaced by it
    assert again.record == found.record


def test_the_test_set_is_never_looked_at(tmp_path, small_bundle, small_cache, monkeypatch):
    from dataclasses import replace

    from edgecompress.model import datasets

    load = datasets.load

    def blind(*arguments, **options):
        data = load(*arguments, **options)
        return replace(data, test_x=data.test_x * float("nan"), test_y=data.test_y * 0 - 1)

    seeing = search(tmp_path, small_cache, Limits(100.0, None, 2)).record
    monkeypatch.setattr(datasets, "load", blind)
    assert search(tmp_path, small_cache, Limits(100.0, None, 2)).record == seeing


def test_nothing_holds(tmp_path, small_bundle, small_cache):
    with pytest.raises(CheckError, match=r"the smallest file that was made has .* The front is in"):
        search(tmp_path, small_cache, Limits(0.0, 1000, 1))
    assert SearchRecord.from_file(tmp_path / "out" / "search.json").chosen is None


def test_a_missing_optuna_is_said_before_anything_is_trained(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "optuna" else find(name))
    with pytest.raises(MissingDependencyError, match=r"edgecompress\[search\]"):
        search(tmp_path, tmp_path, Limits(1.0, None, 1))
    assert not list(tmp_path.rglob("*.safetensors"))
