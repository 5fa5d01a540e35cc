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
from edgecompress.model.load import fill, read_checkpoint
from edgecompress.model.to_onnx import graph_of
from edgecompress.model.unwrap import unwrapped
from edgecompress.own.alone import check_alone
from edgecompress.own.callables import call
from edgecompress.own.ends import Ends, outputs_of, type_of
from edgecompress.own.model import Model, architecture, short_name
from edgecompress.own.permanent import permanent


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
    module = _weights(_unwrapped(module).cpu().float(), spec, checkpoint)
    _, shapes = outputs_of(module, inputs)
    check_alone(module, inputs, spec)
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


def _unwrapped(module: nn.Module) -> nn.Module:
    """The network itself, where it comes compiled or made to run on several devices."""
    while True:
        inside = getattr(module, "_orig_mod", None)
        if inside is None and isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inside = module.module
        if not isinstance(inside, nn.Module):
            return module
        module = inside


def _weights(module: nn.Module, spec: str, checkpoint: Path | None) -> nn.Module:
    """``module`` with plain weights, those of ``checkpoint`` if there is one.

    A checkpoint of a network whose weights are computed may have what they are computed from, or the plain weights.
    """
    content = read_checkpoint(checkpoint) if checkpoint else None
    plain = permanent(module, spec)
    if content is not None:
        fits_plain = plain is module or _known(content, plain) >= _known(content, module)
        if not fits_plain:
            fill(module, content, str(checkpoint))
            return permanent(module, spec)
        fill(plain, content, str(checkpoint))
    return plain


def _known(content: object, module: nn.Module) -> int:
    """How many of the network's own tensors a checkpoint has."""
    try:
        found = unwrapped(content, module.state_dict(), "")
    except InputError:
        return 0
    return sum(name in found for name in module.state_dict())


def _graph(module: nn.Module, ends: Ends) -> ir.Model:
    plain = copy.deepcopy(module)
    plain._forward_hooks.clear()
    plain._forward_pre_hooks.clear()
    examples = [torch.zeros((2, *end.shape), dtype=type_of(end)) for end in ends.inputs]
    return graph_of(plain, examples, [end.name for end in ends.inputs], [end.name for end in ends.outputs])
