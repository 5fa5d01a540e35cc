from edgecompress.recipe import load
from edgecompress.search.records import Candidate, RemovedChannels, SearchRecord, Setting, Trial
from edgecompress.workflows.front import front_of


def record(**changes):
    layers = {"conv1": Setting(sparsity=0.5, bits=3)}
    document = {
        "tool_version": "0",
        "model": "alexnet",
        "data": "Digits",
        "recipe": load("alexnet-digits"),
        "max_drop": 0.5,
        "size_budget": None,
        "dense_accuracy": 97.5,
        "trials": [Trial(number=0, origin="start", parameters={}, layers=layers, bytes=900, drop=0.0)],
        "candidates": [
            Candidate(trial=None, bytes=1000, accuracy=97.5, drop=0.0, holds=True),
            Candidate(trial=0, bytes=800, accuracy=97.25, drop=0.25, holds=True),
        ],
    }
    return SearchRecord(**(document | changes))


def test_each_point_has_the_recipe_that_builds_it(tmp_path):
    channels = RemovedChannels(macs=0.5, ratio=0.6, low=0.5, high=0.7, runtime="onnxruntime")
    half = record(
        channels=channels,
        recipe=load("alexnet-digits", ["structure.macs=0.5"]),
        candidates=[Candidate(trial=0, bytes=500, accuracy=96.5, drop=1.0, holds=False)],
    )
    front, recipes = front_of([record(), half])
    assert [(point.bytes, point.holds) for point in front.points] == [(500, False), (800, True), (1000, True)]
    assert front.chosen == 1
    assert front.dense_accuracy == 97.5
    read = []
    for point in front.points:
        path = tmp_path / point.recipe.replace("/", "-")
        path.write_text(recipes[point.recipe])
        read.append(load(str(path)))
    assert [recipe.structure is not None for recipe in read] == [True, False, False]
    assert [recipe.layer("conv1").bits for recipe in read] == [3, 3, None]
    assert "50 % of the arithmetic" in recipes["front/0.toml"].splitlines()[0]
    assert read[2] == load("alexnet-digits")


def test_where_nothing_holds_none_is_chosen():
    lost = [Candidate(trial=None, bytes=1000, accuracy=90.0, drop=7.5, holds=False)]
    assert front_of([record(candidates=lost)])[0].chosen is None
