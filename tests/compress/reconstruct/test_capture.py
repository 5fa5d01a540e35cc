import pytest
import torch
from torch import nn

from edgecompress.compress.reconstruct.capture import check_reached, passes, places
from edgecompress.errors import InputError
from edgecompress.sources.load import network


class Twice(nn.Module):
    """The order of execution is not that of definition, and one layer is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.first, self.unused = nn.Linear(4, 2), nn.Linear(4, 4), nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(torch.relu(self.first(x))))


def test_the_order_is_that_of_execution():
    found = places(Twice(), torch.randn(1, 4))
    assert [(place.name, place.calls) for place in found] == [("first", 2), ("last", 1)]
    check_reached(found, {"first": None})
    with pytest.raises(InputError, match=r"'unused' sees no input; .*dense = true"):
        check_reached(found, {"first": None, "unused": None})


def test_every_call_and_every_sample_is_seen():
    module, x = Twice(), torch.randn(70, 4)
    first, last = places(module, x[:1])
    seen = list(passes(module, first, x))
    assert torch.equal(torch.cat([given for given, _ in seen[::2]]), x)
    assert torch.equal(seen[1][0], torch.relu(seen[0][1]))
    outputs = torch.cat([out for _, out in passes(module, last, x)])
    assert torch.allclose(outputs, module(x))


def test_what_only_batchnorm_takes_is_known():
    module = network("resnet18", (1, 8, 8), 3, width=0.125)
    normalised = {place.name: place.normalised for place in places(module, torch.randn(1, 1, 8, 8))}
    assert normalised["conv1"]
    assert normalised["stage2.0.shortcut.conv"]
    assert not normalised["head"]
    assert not normalised["norm1"]


def test_nothing_behind_the_layer_is_computed():
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU())
    place = places(module, torch.randn(1, 4))[0]
    module[1].register_forward_hook(lambda *_: pytest.fail("computed"))
    assert len(list(passes(module, place, torch.randn(3, 4)))) == 1
