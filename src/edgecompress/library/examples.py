"""Example inputs of a network: what a caller gives, as the tensors that ``forward`` takes."""

import inspect
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.manifest import End

Example = torch.Tensor | Sequence[torch.Tensor] | Mapping[str, torch.Tensor]
"""A tensor, or one for each input in the order of ``forward`` or by its parameters' names; (samples, ...) each."""


def tensors(net: nn.Module, example: Example) -> dict[str, torch.Tensor]:
    """The inputs by name, in the order in which ``net`` takes them, on the CPU; all floats as float32.

    Those that are given without names are called ``input``, or ``input0`` and so on.

    Raises:
        InputError: there are none, something else is among them, or their first axes, the samples, differ.
    """
    if isinstance(example, torch.Tensor):
        found = {"input": example}
    elif isinstance(example, Mapping):
        found = _in_order(net, example)
    elif isinstance(example, Sequence):
        found = {f"input{number}" if len(example) > 1 else "input": each for number, each in enumerate(example)}
    else:
        raise InputError(f"example is a {type(example).__name__}; give a tensor, or a tuple or dict of tensors")
    other = next((each for each in found.values() if not isinstance(each, torch.Tensor)), None)
    if other is not None:
        raise InputError(f"example has a {type(other).__name__}; give tensors, (samples, ...) each")
    if not found or any(each.ndim < 1 or not len(each) for each in found.values()):
        raise InputError("example has no samples; give one tensor or more, (samples, ...) each")
    if len({len(each) for each in found.values()}) > 1:
        sizes = ", ".join(str(list(each.shape)) for each in found.values())
        raise InputError(f"the inputs in example have shapes {sizes}; their first axis is the samples, as many in each")
    return {name: (each.float() if each.is_floating_point() else each).detach().cpu() for name, each in found.items()}


def _in_order(net: nn.Module, example: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Inputs by name as ``forward`` has its parameters."""
    names = list(inspect.signature(net.forward).parameters)
    first = names[: len(example)]
    if set(first) != set(example):
        raise InputError(
            f"example has the inputs {', '.join(example)}, and the first parameters of {type(net).__name__}.forward "
            f"are {', '.join(first)}; give these by name, or a tuple in their order"
        )
    return {name: example[name] for name in first}


def signature(inputs: Mapping[str, torch.Tensor]) -> tuple[End, ...]:
    """The entries of a file for inputs of one sample each."""
    return tuple(
        End(name=name, shape=list(each.shape[1:]), dtype=str(each.dtype).removeprefix("torch."))
        for name, each in inputs.items()
    )
