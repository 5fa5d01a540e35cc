"""The inputs and outputs of a network, and how several of either are one for the stages of the compression.

The stages know networks of one input and one output. One with more is given all its inputs in one row of numbers a
sample, and its outputs come back in one row, by two hooks that an export never sees.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.data.samples import reordered

LARGEST_WHOLE = 2**24
"""Whole numbers from which float32 has not all."""


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a network, in its own order.

    Attributes:
        inputs: of one sample.
        outputs: of one sample.
        whole: the names of those that have no batch axis in the file: one sample is all of the array.
    """

    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    whole: frozenset[str] = frozenset()

    @property
    def plain(self) -> bool:
        """Return whether it has one input and one output, both of float32 and with a batch: no rows are needed."""
        kinds = [end.dtype for end in (*self.inputs, *self.outputs)]
        return not self.whole and len(self.inputs) == len(self.outputs) == 1 and kinds == ["float32", "float32"]

    @property
    def row(self) -> tuple[int, ...]:
        """The shape of what the stages give the network for one sample."""
        return tuple(self.inputs[0].shape) if self.plain else (sum(math.prod(end.shape) for end in self.inputs),)


def rows(arrays: Sequence[NDArray[Any]], signature: Signature) -> NDArray[np.float32]:
    """The inputs of N samples, one array of shape (N, ...) an input, as the stages give them.

    Raises:
        InputError: whole numbers are too large for a row.
    """
    for array, end in zip(arrays, signature.inputs, strict=True):
        if array.dtype.kind in "iu" and array.size and np.abs(array).max() >= LARGEST_WHOLE:
            raise InputError(f"the input '{end.name}' has whole numbers of {LARGEST_WHOLE:,} and more")
    if signature.plain:
        return np.ascontiguousarray(arrays[0], np.float32)
    flat = (array.reshape(len(array), math.prod(array.shape[1:])) for array in arrays)
    return np.concatenate([each.astype(np.float32) for each in flat], axis=1)


def arrays(row: NDArray[np.float32], signature: Signature) -> list[NDArray[Any]]:
    """The inputs of the network in their own types, from one row a sample."""
    if signature.plain:
        return [row]
    cuts = np.cumsum([math.prod(end.shape) for end in signature.inputs])[:-1]
    parts = np.split(row, cuts, axis=1)
    return [
        part.reshape(len(row), *end.shape).astype(end.dtype) for part, end in zip(parts, signature.inputs, strict=True)
    ]


def named(row: NDArray[np.float32], signature: Signature) -> dict[str, NDArray[np.float32]]:
    """The outputs of N samples, by name, from what the stages were given of them."""
    if signature.plain:
        return {signature.outputs[0].name: row}
    cuts = np.cumsum([math.prod(end.shape) for end in signature.outputs])[:-1]
    parts = np.split(row, cuts, axis=1)
    return {end.name: part.reshape(len(row), *end.shape) for part, end in zip(parts, signature.outputs, strict=True)}


def as_in_file(values: Mapping[str, NDArray[Any]], signature: Signature) -> dict[str, NDArray[Any]]:
    """Arrays of N samples by name as a file takes or gives them one after the other, joined along its first axis."""
    return {
        name: array.reshape(-1, *array.shape[2:]) if name in signature.whole else array
        for name, array in values.items()
    }


def join(module: nn.Module, signature: Signature) -> Callable[[], None]:
    """Let ``module`` take and give rows, where it is not plain. Returns what takes that away again."""
    if signature.plain:
        return lambda: None
    sizes = [math.prod(end.shape) for end in signature.inputs]

    def split(_: nn.Module, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        (x,) = given
        parts = torch.split(x, sizes, dim=1)
        return tuple(
            part.reshape(len(x), *end.shape).to(type_of(end)) for part, end in zip(parts, signature.inputs, strict=True)
        )

    def flat(_: nn.Module, given: object, out: object) -> torch.Tensor:  # noqa: ARG001 - a hook's contract
        return torch.cat([each.reshape(len(each), -1).float() for each in leaves(out)], dim=1)

    handles = [module.register_forward_pre_hook(split), module.register_forward_hook(flat)]

    def remove() -> None:
        for handle in handles:
            handle.remove()

    return remove


def type_of(end: End) -> torch.dtype:
    """The type in which a network is given an input: whole numbers as they are, all floats as float32."""
    dtype: torch.dtype = torch.float32 if "float" in end.dtype else getattr(torch, end.dtype)
    return dtype


def leaves(out: object) -> list[torch.Tensor]:
    """The tensors that a network put out, in the order in which an export names them.

    Raises:
        InputError: there is something else among them.
    """
    if isinstance(out, torch.Tensor):
        return [out]
    if isinstance(out, dict):
        return [tensor for value in out.values() for tensor in leaves(value)]
    if isinstance(out, list | tuple):
        return [tensor for value in out for tensor in leaves(value)]
    if out is None:
        return []
    raise InputError(f"the network puts out a {type(out).__name__}; only tensors, and tuples, lists and dicts of them")


SHAPES = "give the right ones with --set 'inputs.shapes=[\"3x224x224\"]'"
EXAMPLES = "give inputs as forward takes them, (samples, ...) each"


def _cure(inputs: Sequence[End], cure: str) -> str:
    """The advice where a network does not run on its inputs."""
    for end in inputs:
        name = "x" if len(inputs) == 1 else end.name
        turned = reordered(list(end.shape), name)
        if turned:
            return turned
        if end.dtype not in ("float32", "float16", "float64"):
            return (
                f"they are {end.dtype}: store pixels as {name}.astype('uint8'), which are scaled, and other numbers as "
                f"{name}.astype('float32')"
            )
    return cure


@torch.no_grad()
def outputs_of(
    module: nn.Module, inputs: Sequence[End], cure: str = SHAPES
) -> tuple[list[torch.Tensor], list[tuple[int, ...]]]:
    """The outputs of ``module`` for two samples of zeros, and the shapes of one sample each.

    ``cure``: what can be done where it does not run on such inputs.

    Raises:
        InputError: it does not run, or an output is not of the samples one by one.
    """
    given = [torch.zeros((2, *end.shape), dtype=type_of(end)) for end in inputs]
    try:
        found = leaves(module.eval()(*given))
    except InputError:
        raise
    except Exception as error:  # whatever the user's own code raises
        shapes = ", ".join("x".join(map(str, end.shape)) or "1" for end in inputs)
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"the network does not run on inputs of shape {shapes}: {reason}; {_cure(inputs, cure)}"
        ) from error
    for number, tensor in enumerate(found):
        if not tensor.ndim or len(tensor) != 2:
            raise InputError(
                f"output {number} of the network has shape {list(tensor.shape)} for a batch of 2; its first axis must "
                "be the batch"
            )
    return found, [tuple(tensor.shape[1:]) for tensor in found]
