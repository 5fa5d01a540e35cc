import torch
from torch.nn import functional

from edgecompress.compress.structure.groups import trace
from edgecompress.compress.structure.scoring import score

from ..conftest import IMAGE, recipe, sample, trained


def gated(module, layer, gates):
    """The network with the outputs of ``layer`` times ``gates``: the paper's own definition."""
    return module.get_submodule(layer).register_forward_hook(lambda _, __, output: output * gates[None, :, None, None])


def test_scores_are_the_squared_gradients_of_gates_summed_over_batches():
    module, x, y = trained("resnet18", IMAGE), sample(IMAGE, 12), torch.arange(12) % 5
    batches = [(x[:6], y[:6]), (x[6:], y[6:])]
    found = score(module, trace(module, x[:1], recipe()).groups, "taylor", batches, seed=1)
    # relu2 puts out what the group of stage2.0.conv2 holds after its first block: read there and by what follows.
    for group, layer in (("stage2.0.conv1", "stage2.0.relu1"), ("stage4.1.conv1", "stage4.1.relu1")):
        expected = torch.zeros(len(found[group]))
        for inputs, classes in batches:
            gates = torch.ones(len(found[group]), requires_grad=True)
            handle = gated(module, layer, gates)
            (gradient,) = torch.autograd.grad(functional.cross_entropy(module(inputs), classes), gates)
            handle.remove()
            expected += gradient.square()
        assert torch.allclose(found[group], expected, rtol=1e-3, atol=1e-9)
