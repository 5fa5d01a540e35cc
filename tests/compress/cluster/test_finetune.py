import pytest
import torch
from torch import nn

from edgecompress.compress.cluster.finetune import SharedWeights, optimizer
from edgecompress.recipe import Recipe

STAGE = {"epochs": 1, "learning_rate": 0.1}


def recipe(**cluster) -> Recipe:
    settings = {"epochs": 1, "bits": 2, "learning_rate": 0.01, "centroid_dtype": "float32", **cluster}
    return Recipe.model_validate(
        {
            "train": STAGE,
            "prune": {**STAGE, "sparsity": 0.5},
            "retrain": STAGE,
            "cluster": settings,
            "layers": {"1": {"bits": 1}},
        }
    )


@pytest.fixture
def module() -> nn.Module:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(20, 30), nn.Linear(30, 2))
    with torch.no_grad():
        made[0].weight.mul_(100)
        made[0].weight[made[0].weight.abs() < 5] = 0
    return made


def weights(module) -> dict[str, nn.Parameter]:
    return {"0": module[0].weight, "1": module[1].weight}


def step(module, shared, settings) -> None:
    adam = optimizer(module, shared, settings)
    module(torch.randn(8, 20)).square().sum().backward()
    shared.after_backward()
    adam.step()
    shared.after_step(1, 1)


def test_one_step_moves_centroids_by_the_layer_s_scale_and_biases_too_but_no_weight_alone(module):
    shared = SharedWeights(weights(module), recipe())
    zeros = module[0].weight == 0
    before = [layer.centroids.detach().clone() for layer in shared.layers]
    bias = module[0].bias.detach().clone()
    step(module, shared, recipe().cluster)
    for layer, old in zip(shared.layers, before, strict=True):
        # Adam's first step is the learning rate for every parameter with a gradient.
        assert torch.allclose((layer.centroids - old).abs(), torch.full_like(old, 0.01 * layer.scale), rtol=1e-3)
    assert not torch.equal(module[0].bias, bias)
    assert torch.equal(module[0].weight == 0, zeros)
    assert len(torch.unique(module[0].weight)) <= 5
    assert len(torch.unique(module[1].weight)) <= 2
    assert shared.most == {"0": 5, "1": 3}


def test_a_soft_step_moves_every_weight_and_leaves_zeros_and_ends_hard(module):
    shared = SharedWeights(weights(module), recipe(training="soft"))
    zeros = module[0].weight == 0
    shared.after_step(0, 1)
    assert len(torch.unique(module[0].weight)) > 100
    latent = shared.layers[0].latent.detach().clone()
    step(module, shared, recipe().cluster)
    moved = (shared.layers[0].latent - latent).abs()
    assert torch.allclose(moved, torch.full_like(moved, 0.01 * shared.layers[0].scale), rtol=1e-2)
    shared.finish()
    assert torch.equal(module[0].weight == 0, zeros)
    assert len(torch.unique(module[0].weight)) == 5
    assert len(torch.unique(module[1].weight)) == 2


def test_inertia_is_how_far_the_weights_moved(module):
    before = [weight.detach().clone() for weight in weights(module).values()]
    shared = SharedWeights(weights(module), recipe())
    after = [weight.detach() for weight in weights(module).values()]
    moved = sum(float((old - new).square().sum()) for old, new in zip(before, after, strict=True))
    assert shared.inertia == pytest.approx(moved, rel=1e-5)
    assert shared.seconds > 0


def test_the_whole_model_shares_its_centroids_but_for_layers_with_bits_of_their_own(module):
    whole = recipe(granularity="model").model_copy(update={"layers": {}})
    shared = SharedWeights(weights(module), whole)
    assert len(shared.layers) == 1
    both = torch.cat([weight.detach().reshape(-1) for weight in weights(module).values()])
    assert len(torch.unique(both)) <= 5


def test_groups_of_channels_have_values_of_their_own(module):
    shared = SharedWeights(weights(module), recipe(granularity="channel-group", group_size=10, bits=2))
    assert shared.most == {"0": 13, "1": 3}
    for rows in module[0].weight.detach().split(10):
        assert len(torch.unique(rows)) == 5
    assert len(torch.unique(module[0].weight)) == 13
