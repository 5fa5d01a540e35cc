import torch
from torch import nn

from edgecompress.compress.cluster.finetune import SharedWeights, optimizer
from edgecompress.recipe import Recipe

STAGE = {"epochs": 1, "learning_rate": 0.1}


def test_one_step_moves_centroids_by_the_layer_s_scale_and_biases_too_but_no_weight_alone():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(20, 30), nn.Linear(30, 2))
    with torch.no_grad():
        module[0].weight.mul_(100)
        module[0].weight[module[0].weight.abs() < 5] = 0
    recipe = Recipe.model_validate(
        {
            "train": STAGE,
            "prune": {**STAGE, "sparsity": 0.5},
            "retrain": STAGE,
            "cluster": {"epochs": 1, "bits": 2, "learning_rate": 0.01, "centroid_dtype": "float32"},
            "layers": {"1": {"bits": 1}},
        }
    )
    weights = {"0": module[0].weight, "1": module[1].weight}
    shared = SharedWeights(weights, recipe)
    zeros = module[0].weight == 0
    before = [layer.centroids.detach().clone() for layer in shared.layers]
    bias = module[0].bias.detach().clone()
    adam = optimizer(module, shared, recipe.cluster)
    module(torch.randn(8, 20)).square().sum().backward()
    shared.after_backward()
    adam.step()
    shared.after_step(1, 1)
    for layer, old in zip(shared.layers, before, strict=True):
        # Adam's first step is the learning rate for every parameter with a gradient.
        assert torch.allclose((layer.centroids - old).abs(), torch.full_like(old, 0.01 * layer.scale), rtol=1e-3)
    assert not torch.equal(module[0].bias, bias)
    assert torch.equal(module[0].weight == 0, zeros)
    assert len(torch.unique(module[0].weight)) <= 5
    assert len(torch.unique(module[1].weight)) <= 2
