"""A network that a function of the user's own makes."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import onnx_ir as ir
import torch
from torch import nn

from edgecompress.compress.checkpoints import digest
from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.alone import check_alone
from edgecompress.sources.callables import call
from edgecompress.sources.load import fill, read_checkpoint
from edgecompress.sources.model import Model, architecture, short_name
from edgecompress.sources.permanent import permanent
from edgecompress.sources.signature import SHAPES, Signature, outputs_of, type_of
from edgecompress.sources.to_onnx import graph_of
from edgecompress.sources.unwrap import unwrapped


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
    module = _weights(bare(module).cpu().float(), spec, checkpoint)
    made = of_module(module, inputs, source=spec, trained=checkpoint is not None)
    return replace(made, architecture=architecture(made.graph(made.module)))


def of_module(
    module: nn.Module,
    inputs: tuple[End, ...],
    *,
    source: str,
    trained: bool,
    outputs: Sequence[str] = (),
    cure: str = SHAPES,
) -> Model:
    """A network in memory as a network of the user's own; its architecture, which takes an export, is left open.

    Args:
        module: on the CPU, of float32, with plain weights; it is put into evaluation mode.
        inputs: what it takes.
        source: what names it, for reports and errors.
        trained: whether its weights are not to be trained from scratch.
        outputs: names for what it puts out; empty: ``output``, or ``output0`` and so on.
        cure: what can be done where it does not run on ``inputs``.

    Raises:
        InputError: it does not run on ``inputs``, or mixes samples.
    """
    _, shapes = outputs_of(module, inputs, cure)
    check_alone(module, inputs, source)
    names = outputs or ([f"output{number}" for number in range(len(shapes))] if len(shapes) > 1 else ["output"])
    if len(names) != len(shapes):
        raise InputError(f"{source} puts out {len(shapes)} tensors; give as many names, not {len(names)}")
    signature = Signature(
        inputs,
        tuple(End(name=name, shape=list(shape), dtype="float32") for name, shape in zip(names, shapes, strict=True)),
    )
    return Model(
        name=short_name(source),
        source=source,
        sha256=digest(module),
        module=module,
        signature=signature,
        trained=trained,
        graph=partial(_graph, signature=signature),
        architecture="",
    )


def copied(net: nn.Module) -> nn.Module:
    """A copy of ``net`` on the CPU, of float32, in evaluation mode and with plain weights; ``net`` stays as it is.

    Raises:
        InputError: it cannot be copied, or a layer's weights are computed in a way that is not known.
    """
    inside = bare(net)
    name = type(inside).__name__
    modes = [(each, each.training) for each in inside.modules()]
    try:
        plain = permanent(inside, name)
        made = copy.deepcopy(plain) if plain is inside else plain
    except RuntimeError as error:  # of a tensor that is computed and kept
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{name} cannot be copied: {reason}") from error
    finally:
        for each, training in modes:
            each.training = training
    return made.cpu().float().eval()


def bare(module: nn.Module) -> nn.Module:
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
    """The number of the network's own tensors that a checkpoint has."""
    try:
        found = unwrapped(content, module.state_dict(), "")
    except InputError:
        return 0
    return sum(name in found for name in module.state_dict())


def _graph(module: nn.Module, signature: Signature) -> ir.Model:
    plain = copy.deepcopy(module)
    plain._forward_hooks.clear()
    plain._forward_pre_hooks.clear()
    examples = [torch.zeros((2, *end.shape), dtype=type_of(end)) for end in signature.inputs]
    return graph_of(plain, examples, [end.name for end in signature.inputs], [end.name for end in signature.outputs])
