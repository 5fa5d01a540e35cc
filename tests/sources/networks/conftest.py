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


@pytest.fixture
def folded():
    """A function of a network and an input shape: parameters with normalisation folded, and multiply-accumulates."""

    def count(network: nn.Module, shape: tuple[int, ...]) -> tuple[int, int]:
        parameters = products = 0

        def seen(module, _, output):
            nonlocal parameters, products
            parameters += (
                module.weight.numel() + module.weight.shape[0]
            )  # a bias an output channel, of its own or folded
            products += output[0].numel() * module.weight[0].numel()

        layers = [module for module in network.modules() if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear)]
        hooks = [module.register_forward_hook(seen) for module in layers]
        network.eval()(torch.zeros(1, *shape))
        for hook in hooks:
            hook.remove()
        return parameters, products

    return count
