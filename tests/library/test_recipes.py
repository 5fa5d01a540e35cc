from pathlib import Path

import pytest

from edgecompress import recipe as recipes
from edgecompress.errors import InputError
from edgecompress.library.recipes import chosen


def test_every_way_to_say_a_recipe(tmp_path):
    base = recipes.load("any")
    assert chosen(None) == chosen({}) == chosen("any") == chosen(base) == base
    (tmp_path / "mine.toml").write_text("[prune]\nsparsity = 0.6\n")
    assert chosen(Path(tmp_path / "mine.toml")).prune.sparsity == 0.6
    assert chosen(str(tmp_path / "mine.toml"), "any-untrained").train.epochs == 0


def test_changes_are_tables_dotted_keys_or_both():
    layers = {"trunk.0": {"dense": True}}
    found = chosen({"prune": {"sparsity": 0.7}, "prune.epochs": 3, "cluster.bits": 2, "layers": layers})
    assert (found.prune.sparsity, found.prune.epochs, found.cluster.bits) == (0.7, 3, 2)
    assert found.layer("trunk.0").dense and not found.layer("trunk.1").dense
    assert layers == {"trunk.0": {"dense": True}}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3, "recipe is a int"),
        ("nothing", "unknown recipe 'nothing'"),
        ({"prune.sparsity": 2}, "changes of the recipe: prune.sparsity: must be at most 1"),
        ({"width": 0.5}, "width is for built-in networks"),
    ],
)
def test_what_is_no_recipe_is_one_line(wrong, said):
    with pytest.raises(InputError, match=said):
        chosen(wrong)
