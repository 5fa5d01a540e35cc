import pytest

from edgecompress import recipe, shipped
from edgecompress.errors import InputError


@pytest.mark.parametrize("name", shipped.names("recipes"))
def test_every_shipped_recipe_is_valid(name):
    recipe.load(name)


def test_a_model_s_own_recipe_for_a_data_set_goes_before_its_general_one():
    assert recipe.default_name("alexnet", "digits") == "alexnet-digits"
    assert recipe.default_name("vgg19bn", "no-such-data") == "vgg19bn"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("prune.sparsty=0.5", "unknown key 'prune.sparsty'"),
        ("seed", "is not a change to a recipe"),
        ("seed.x=1", "seed is a value"),
    ],
)
def test_what_is_no_change_to_a_recipe_is_one_line(load, change, message):
    with pytest.raises(InputError, match=message) as caught:
        load(change, before="seed = 1\n")
    assert "\n" not in str(caught.value)


def test_changes_are_applied_in_order_and_words_need_no_quotes(load):
    changed = load("prune.sparsity=0.5", "prune.sparsity=0.95", "prune.scope=layer", "layers.head.bits=8")
    assert changed.prune.sparsity == 0.95
    assert changed.prune.scope == "layer"
    assert changed.layer("head").bits == 8
