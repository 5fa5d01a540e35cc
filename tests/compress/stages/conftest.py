import torch

from edgecompress.compress.stages.run import run_all


def run(network, context, *, trained: bool = False):
    """The network after all stages, and the run."""
    module = network()
    return module, run_all(module, context, trained=trained)


def equal(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
