import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune, spectral_norm, weight_norm

from edgecompress.compress.layers import compressible
from edgecompress.errors import InputError
from edgecompress.recipe import load
from edgecompress.sources.permanent import computed, permanent


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight + weight.transpose(0, 1)


def masked(layer, *names):
    for name in names:
        prune.l1_unstructured(layer, name, 0.5)
    return layer


HOW = {
    "weight_norm": lambda: parametrizations.weight_norm(nn.Conv2d(4, 4, 3)),
    "older weight_norm": lambda: weight_norm(nn.Conv2d(4, 4, 3)),
    "spectral_norm": lambda: parametrizations.spectral_norm(nn.Conv2d(4, 4, 3)),
    "older spectral_norm": lambda: spectral_norm(nn.Conv2d(4, 4, 3)),
    "orthogonal": lambda: parametrizations.orthogonal(nn.Linear(4, 4)),
    "a class of one's own": lambda: parametrize.register_parametrization(nn.Conv2d(4, 4, 3), "weight", Symmetric()),
    "two in a row": lambda: parametrize.register_parametrization(
        parametrizations.weight_norm(nn.Conv2d(4, 4, 3)), "weight", Symmetric()
    ),
    "masks": lambda: masked(nn.Conv2d(4, 4, 3), "weight", "bias"),
    "masks over masks": lambda: masked(masked(nn.Linear(4, 4), "weight"), "weight"),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", HOW)
def test_computed_weights_become_what_they_were_worth(name):
    torch.manual_seed(0)
    module = nn.Sequential(HOW[name](), nn.ReLU()).train()
    x = torch.randn(2, 4, 5, 5) if isinstance(module[0], nn.Conv2d) else torch.randn(2, 4)
    module(x).sum().backward()  # what a call has computed cannot be copied as it is
    expected, before = module.eval()(x).detach(), list(module.state_dict())
    made = permanent(module, "nets:net")
    assert not computed(made)
    assert set(made.state_dict()) == {"0.weight", "0.bias"}
    assert torch.allclose(made.eval()(x), expected, atol=1e-6)
    assert list(compressible(made, load("any"))) == ["0"]
    assert computed(module)  # the user's own network is as it was
    assert list(module.state_dict()) == before
    assert torch.allclose(module(x), expected, atol=1e-6)
    if "masks" in name:
        assert float((made[0].weight == 0).float().mean()) >= 0.5


def test_plain_networks_are_themselves():
    module = nn.Linear(2, 2)
    assert permanent(module, "nets:net") is module


def test_a_weight_that_is_computed_in_another_way_is_refused_by_its_layer():
    class Own(nn.Linear):
        def __init__(self):
            super().__init__(2, 2)
            self.raw = nn.Parameter(self._parameters.pop("weight").detach())

        @property
        def weight(self):
            return self.raw.tanh()

    with pytest.raises(InputError, match=r"nets:net: the weight of the layer '1' \(Own\) is not a parameter but comp"):
        permanent(nn.Sequential(nn.ReLU(), Own()), "nets:net")


def test_what_cannot_be_made_permanent_is_refused_with_how_to_do_it():
    class Narrow(nn.Module):
        def forward(self, weight):
            return weight.to(torch.float16)

    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Narrow(), unsafe=True)
    with pytest.raises(InputError, match=r"layer '0' has its weights from Narrow, .* remove_parametrizations"):
        permanent(nn.Sequential(layer), "nets:net")
