import pytest

from edgecompress import methods, recipe, shipped
from edgecompress.errors import InputError
from edgecompress.sources import load


def test_every_shipped_recipe_is_valid():
    wrong = []
    for name in shipped.names("recipes"):
        try:
            recipe.load(recipe.complete(name, "any"))
        except InputError as error:
            wrong.append(str(error))
    assert wrong == []


def test_of_recipes_laid_over_each_other_the_last_counts_and_the_rest_stays(tmp_path):
    over = tmp_path / "a+b.toml"
    over.write_text('seed = 7\n[prune]\nsparsity = 0.6\n[layers."conv*"]\nbits = 2\n')
    below = tmp_path / "below.toml"
    below.write_text(
        shipped.path_of("recipes", "alexnet").read_text() + '[layers."conv*"]\nbits = 7\n[layers.conv1]\nbits = 8\n'
    )
    assert recipe.complete(str(over), "alexnet") == f"alexnet+{over}"
    over = over.rename(tmp_path / "over.toml")
    found, base = recipe.load(f"{below}+{over}"), recipe.load(str(below))
    assert (found.seed, found.prune.sparsity, found.prune.epochs) == (7, 0.6, base.prune.epochs)
    assert found.train == base.train
    assert (base.layer("conv1").bits, found.layer("conv1").bits) == (8, 2)


def test_a_complete_recipe_stands_alone_and_none_is_the_default():
    assert recipe.complete("alexnet", "any") == "alexnet"
    assert recipe.complete(None, "any") == "any"
    assert recipe.complete("sparse-arm", "any") == "any+sparse-arm"
    with pytest.raises(InputError, match="unknown recipe 'sparse-amr'"):
        recipe.load("any+sparse-amr")


def test_a_model_s_own_recipe_for_a_data_set_goes_before_its_general_one():
    assert recipe.default_name("alexnet", "digits") == "alexnet-digits"
    assert recipe.default_name("vgg19bn", "no-such-data") == "vgg19bn"
    assert recipe.default_name("mobilenet-v3-small", "digits") == "mobile-digits"
    assert recipe.default_name("mobilenet-v3-small", "no-such-data") == "mobile"


def test_every_built_in_network_has_a_recipe_for_any_data_set():
    for network in methods.choices(load.NETWORKS):
        assert recipe.default_name(network, "no-such-data") in shipped.names("recipes"), network


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


def test_a_file_that_leaves_stages_out_lies_over_the_default(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[prune]\nsparsity = 0.77\n")
    made = recipe.load(recipe.complete(str(path), "any"), ["cluster.bits=3"])
    assert made == recipe.load("any", ["prune.sparsity=0.77", "cluster.bits=3"])
    path.write_text('[prune]\nsparsity = "a lot"\n')
    with pytest.raises(InputError, match=r"mine\.toml: prune\.sparsity: .*\(given 'a lot'\)"):
        recipe.load(recipe.complete(str(path), "any"))


def test_a_file_with_all_stages_stands_by_itself(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + shipped.path_of("recipes", "any").read_bytes())  # as some editors save it
    assert recipe.load(recipe.complete(str(path), "resnet18")) == recipe.load("any")
