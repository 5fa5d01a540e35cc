import numpy as np
import pytest
import torch

from edgecompress import recipe
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.gradual import GradualPruning
from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.workflows.reading import prepare
from edgecompress.workflows.request import Request

SMALL = ("width=0.125",)


def prepared(tmp_path, **changes):
    request = Request(**{"target": "host", "changes": SMALL, "cache_dir": tmp_path, **changes})
    return prepare(request, progress=silent, warn=pytest.fail)


def test_the_same_request_is_the_same_network_data_and_identity(tmp_path):
    torch.manual_seed(5)
    one = prepared(tmp_path)
    torch.manual_seed(6)
    two = prepared(tmp_path)
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, two.network.state_dict()[name])
    assert torch.equal(one.context.training.x, two.context.training.x)
    assert one.context.identity == two.context.identity


def test_another_model_or_checkpoint_is_another_identity(tmp_path):
    from edgecompress.sources.load import save_checkpoint

    own = prepared(tmp_path)
    save_checkpoint(own.network, tmp_path / "own.safetensors")
    given = prepared(tmp_path, checkpoint=tmp_path / "own.safetensors")
    other = prepared(tmp_path, model="resnet18")
    identities = [each.context.identity for each in (own, given, other)]
    assert all(identities.count(identity) == 1 for identity in identities)


def test_a_misspelt_network_is_named_before_its_recipe_is_looked_for(tmp_path):
    with pytest.raises(InputError, match="alexnett"):
        prepared(tmp_path, model="alexnett")


def test_latency_is_measured_only_where_channels_are_removed(tmp_path):
    assert prepared(tmp_path).context.latency is None
    assert prepared(tmp_path, changes=(*SMALL, "structure.macs=0.5")).context.latency is not None


MOBILE = {"target": "rpi4", "model": "ds-cnn", "changes": ()}


def test_a_board_with_sparse_kernels_gets_zeros_in_pairs_in_1x1_convolutions_alone(tmp_path):
    found = prepared(tmp_path, **MOBILE)
    assert found.recipe_name == "mobile-digits+sparse-arm"
    assert "--recipe mobile-digits leaves that" in found.recipe_reason
    weights = compressible(found.network, found.context.recipe)
    GradualPruning(weights, found.context.recipe, 1).update(1.0)
    for name, weight in weights.items():
        zeros = (weight == 0).double().mean().item()
        if not name.endswith("pointwise.conv"):
            assert zeros == (0.0 if name.endswith("conv") else pytest.approx(0.9, abs=0.02))
            continue
        assert zeros == pytest.approx(0.9, abs=0.02)
        pairs = weight.detach().view(-1, 2, weight.shape[1])
        assert torch.equal(pairs[:, 0] == 0, pairs[:, 1] == 0)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"target": "host"}, "mobile-digits"),
        ({"target": "jetson-orin"}, "mobile-digits"),
        ({"model": "resnet18", "changes": SMALL}, "resnet18"),
        ({"recipe": "mobile"}, "mobile"),
        ({"recipe": "any"}, "any"),
        ({"recipe": "sparse-arm", "target": "host"}, "mobile-digits+sparse-arm"),
    ],
)
def test_other_boards_other_networks_and_recipes_that_were_named_are_left_alone(tmp_path, changes, name):
    found = prepared(tmp_path, **{**MOBILE, **changes})
    assert (found.recipe_name, found.recipe_reason) == (name, "")


def test_a_board_whose_accelerator_decodes_weights_gets_few_bits_a_weight(tmp_path):
    found = prepared(tmp_path, target="ethos-u55-128")
    assert found.recipe_name == "alexnet-digits+ethos-u"
    assert "--recipe alexnet-digits leaves that" in found.recipe_reason
    assert found.context.recipe.cluster.rate == 0.5
    named = prepared(tmp_path, target="ethos-u55-128", recipe="alexnet-digits")
    assert (named.recipe_name, named.context.recipe.cluster.rate) == ("alexnet-digits", None)
    assert prepared(tmp_path, target="cortex-m").context.recipe.cluster.rate is None


@pytest.mark.parametrize("change", ["cluster.granularity=channel-group", "cluster.training=soft", "prune.pattern=2x1"])
def test_no_rate_is_laid_over_what_it_is_impossible_with_or_would_undo(tmp_path, change):
    found = prepared(tmp_path, target="ethos-u55-128", changes=(*SMALL, change))
    assert (found.recipe_name, found.context.recipe.cluster.rate) == ("alexnet-digits", None)


def test_a_search_decides_zeros_and_levels_itself(tmp_path):
    request = Request(target="ethos-u85-256", changes=SMALL, cache_dir=tmp_path)
    found = prepare(request, progress=silent, warn=pytest.fail, to_rate=False)
    assert (found.recipe_name, found.context.recipe.cluster.rate) == ("alexnet-digits", None)


def test_the_resolution_is_part_of_the_identity_and_is_not_for_data_of_the_user_s_own(tmp_path):
    plain = prepared(tmp_path)
    found = prepared(tmp_path, changes=(*SMALL, "inputs.resolution=48"))
    assert found.data.input_shape == (1, 48, 48)
    assert found.context.identity == {**plain.context.identity, "resolution": 48}
    np.savez(tmp_path / "d.npz", x=np.zeros((30, 1, 32, 32), np.float32), y=np.arange(30) % 2)
    with pytest.raises(InputError, match=r"inputs\.resolution is for built-in data sets; .*3x48x48"):
        prepared(tmp_path, data=str(tmp_path / "d.npz"), changes=(*SMALL, "inputs.resolution=48"))


NETS = """
from torch import nn


def make():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 3))
"""


@pytest.fixture
def own(tmp_path):
    """``own(x, y, **changes)``: what a request for a network and data of the user's own means, and what was said."""
    (tmp_path / "nets.py").write_text(NETS)
    said = []

    def make(x, y=None, **changes):
        np.savez(tmp_path / "d.npz", x=x, **({} if y is None else {"y": y}))
        request = {
            "target": "host",
            "model": f"{tmp_path / 'nets.py'}:make",
            "data": str(tmp_path / "d.npz"),
            "cache_dir": tmp_path,
            **changes,
        }
        return prepare(Request(**request), progress=silent, warn=said.append), said

    return make


X, Y = np.random.default_rng(0).normal(size=(30, 1, 8, 8)).astype(np.float32), np.arange(30) % 3


def test_an_own_network_with_classes_is_trained_by_the_generic_recipe(own):
    found, said = own(X, Y)
    assert not said
    assert not found.trained
    assert found.context.recipe == recipe.load("any")
    assert found.model.source.endswith("nets.py:make")


def test_without_classes_it_is_calibrated_by_a_recipe_of_its_own_and_that_is_said(own):
    found, said = own(X)
    assert "nothing is trained, because the data have no classes; outputs are reconstructed on up to 24" in said[0]
    assert found.trained
    assert found.context.recipe.reconstruct.inputs == "training"
    assert found.context.recipe.prune.sparsity == recipe.load("any-untrained").prune.sparsity


def test_no_batchnorm_and_no_data_leave_the_weights_alone_to_be_looked_at(own):
    found, said = own(X, data=None, changes=('inputs.shapes=["1x8x8"]',))
    assert "pruned and clustered by themselves" in said[0]
    assert found.context.recipe.reconstruct is None


def test_the_identity_is_of_the_network_its_weights_the_data_and_how_they_are_scaled(own):
    first = own(X, Y)[0].context.identity
    assert own(X, Y)[0].context.identity == first
    others = [
        own(X + 1, Y)[0].context.identity,
        own(X, Y, changes=("seed=2",))[0].context.identity,
        own(X, Y, changes=("inputs.std=[2.0]",))[0].context.identity,
    ]
    assert all(other != first for other in others)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"changes": ("width=0.5",)}, "width is for built-in networks"),
        ({"changes": ("export.int8=true",)}, "int8 needs data with classes"),
    ],
)
def test_what_an_own_network_cannot_have_is_one_line(own, changes, message):
    with pytest.raises(InputError, match=message):
        own(X, **changes)


def test_a_built_in_network_learns_the_user_s_own_data(tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 9, 64)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(30) % 2)
    found = prepared(tmp_path, data=str(tmp_path / "d.npz"))
    assert found.data.input_shape == (9, 64)
    assert found.network(torch.zeros(2, 9, 64)).shape == (2, 2)
    assert "inputs" in found.context.identity
    with pytest.raises(InputError, match="alexnet needs data"):
        prepared(tmp_path, data="none")
