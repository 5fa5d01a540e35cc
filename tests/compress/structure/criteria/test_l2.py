import pytest
import torch
import torch_pruning
from torch.nn import Conv2d, Linear

from edgecompress.compress.structure.groups import trace
from edgecompress.compress.structure.scoring import score

from ..conftest import IMAGE, recipe, sample, trained


@pytest.mark.parametrize("name", ["resnet18", "vgg16bn"])
def test_scores_are_those_of_torch_pruning_up_to_the_group_s_own_scale(name):
    module, x = trained(name, IMAGE), sample(IMAGE)
    found = score(module, trace(module, x, recipe()).groups, "l2", [], seed=1)
    # Scales and shifts of BatchNorm count there too, biases of convolutions do with bias=True.
    importance = torch_pruning.importance.GroupMagnitudeImportance(
        p=2, group_reduction="sum", normalizer="sum", bias=True
    )
    graph = torch_pruning.DependencyGraph().build_dependency(module, x, verbose=False)
    names = {layer: name for name, layer in module.named_modules()}
    compared = set()
    for group in graph.get_all_groups(root_module_types=[Conv2d]):
        made = [item.dep.target.module for item in group if graph.is_out_channel_pruning_fn(item.dep.handler)]
        (own,) = found.keys() & {names.get(layer) for layer in made}
        layers = {item.dep.target.module for item in group if isinstance(item.dep.target.module, (Conv2d, Linear))}
        assert torch.allclose(found[own], len(layers) * importance(group), rtol=1e-5)
        compared.add(own)
    assert compared == found.keys()


def test_a_group_of_zeros_has_scores():
    from edgecompress.compress.structure.criteria.contract import Parts
    from edgecompress.compress.structure.criteria.l2 import l2

    zeros = torch.zeros(4, 3)
    assert l2(Parts((zeros,), (), (zeros,))).tolist() == [0.0] * 4
