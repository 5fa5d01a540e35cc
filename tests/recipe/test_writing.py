import tomllib

import pytest

from edgecompress import recipe, shipped
from edgecompress.recipe import Recipe
from edgecompress.recipe.writing import commented_toml, recipe_toml
from edgecompress.search.records import Setting
from edgecompress.search.trial import with_settings

CHANGES = (
    "layers.head.dense=true",
    "layers.conv*.granularity=channel-group",
    'export.int8_of=["dense"]',
    "distill.weight=0.3",
    'distill.stages=["prune", "cluster"]',
    "search.steps=7",
    "train.weight_decay=1e-5",
)


WHOLE = [name for name in shipped.names("recipes") if recipe.complete(name, "any") == name]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("changes", [(), CHANGES])
def test_what_is_written_is_read_as_the_same_recipe(name, changes, tmp_path):
    given = recipe.load(name, changes)
    found = with_settings(given, {"conv1": Setting(sparsity=0.12345, bits=3), "features.0": Setting(sparsity=0.9)})
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_toml(found, "Found."), encoding="utf-8")
    assert recipe.load(str(path)) == found
    assert path.read_text().startswith("# Found.\n")
    assert tomllib.loads(path.read_text())["layers"]["conv1"]["sparsity"] == 0.12345


def test_it_reads_like_the_recipe_it_came_from():
    given = Recipe.model_validate(tomllib.loads((shipped.folder("recipes") / "alexnet.toml").read_text()))
    text = recipe_toml(given, "c")
    assert "momentum" not in text
    assert "[train]\nepochs = 14\nlearning_rate = 0.05\n" in text


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("changes", [(), CHANGES, ("structure.rounds=2", "structure.latency=0.5", "inputs.mean=[0.5]")])
def test_with_every_key_it_is_the_same_recipe_too(name, changes, tmp_path):
    given = recipe.load(name, changes)
    path = tmp_path / "recipe.toml"
    path.write_text(commented_toml(given, "Shown."), encoding="utf-8")
    assert recipe.load(str(path)) == given
