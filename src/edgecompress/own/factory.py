"""A network that a function of the user's own makes."""

import copy
from functools import partial
from pathlib import Path

import onnx_ir as ir
import torch
from torch import nn

from edgecompress.bundle import End
from edgecompress.compress.checkpoints import digest
from edgecompress.errors import InputError
from edgecompress.model.load import load_checkpoint
from edgecompress.model.to_onnx import graph_of
from edgecompress.own.callables import call
from edgecompress.own.ends import Ends, outputs_of
from edgecompress.own.model import Model, architecture, short_name


def factory(spec: str, inputs: tuple[End, ...], checkpoint: Path | None) -> Model:
    """The network that ``spec`` (``package.module:factory``) returns, with the weights of ``checkpoint``.

    Args:
        spec: where the function is.
        inputs: what the network takes.
        checkpoint: safetensors, or a file of PyTorch's that holds tensors and nothing else.

    Raises:
        InputError: there is no such function, it does not return a network, or the weights do not fit.
    """
    module = call(spec)
    if not isinstance(module, nn.Module):
        raise InputError(f"{spec} returned a {type(module).__name__}, not a torch.nn.Module; return the network")
    if not any(True for _ in module.parameters()):
        raise InputError(f"{spec} returned a network without weights; there is nothing to compress")
    module = module.cpu().float()
    if checkpoint:
        load_checkpoint(module, checkpoint)
    _, shapes = outputs_of(module, inputs)
    several = len(shapes) > 1
    outputs = tuple(
        End(name=f"output{number}" if several else "output", shape=list(shape), dtype="float32")
        for number, shape in enumerate(shapes)
    )
    ends = Ends(inputs, outputs)
    graph = partial(_graph, ends=ends)
    return Model(
        name=short_name(spec),
        source=spec,
        sha256=digest(module),
        module=module,
        ends=ends,
        trained=checkpoint is not None,
        graph=graph,
        architecture=architecture(graph(module)),
    )


def _graph(module: nn.Module, ends: Ends) -> ir.Model:
    plain = copy.deepcopy(module)
    plain._forward_hooks.clear()
    plain._forward_pre_hooks.clear()
    examples = [
        torch.zeros((2, *end.shape), dtype=torch.float32 if "float" in end.dtype else getattr(torch, end.dtype))
        for end in ends.inputs
    ]
    return graph_of(plain, examples, [end.name for end in ends.inputs], [end.name for end in ends.outputs])
