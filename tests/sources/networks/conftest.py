"""What the tests of all networks need: which shapes flow between the layers."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

Flow = list[tuple[str, tuple[int, ...]]]


@pytest.fixture
def flow() -> Callable[[nn.Module, tuple[int, ...]], Flow]:
    """The convolutions, poolings and linear layers in the order in which they run, with their output's shape."""

    def run(network: nn.Module, input_shape: tuple[int, ...]) -> Flow:
        seen: Flow = []
        for name, module in network.named_modules():
            if type(module).__name__.startswith(("Conv", "MaxPool", "AdaptiveAvgPool", "Linear")):
                module.register_forward_hook(lambda _m, _i, out, name=name: seen.append((name, tuple(out.shape[1:]))))
        with torch.no_grad():
            network.eval()(torch.zeros(1, *input_shape))
        return seen

    return run
