"""Data in memory: a pair of arrays, a Dataset of PyTorch, a DataLoader; read once, as the stages take them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate

from edgecompress.compress.targets import Targets, count
from edgecompress.errors import InputError
from edgecompress.library.examples import Example, tensors

_FORMS = "a pair (x, y), a Dataset or DataLoader of such pairs, or what 'edgecompress build --data' takes"


@dataclass(frozen=True)
class InMemorySamples:
    """Samples as they were read.

    Attributes:
        inputs: by name, in the network's order, (N, ...) each.
        targets: of the N samples; ``None``: there are none.
    """

    inputs: dict[str, torch.Tensor]
    targets: Targets | None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


class _RaggedError(Exception):
    """Targets are not of one shape."""


def read(net: nn.Module, data: object) -> InMemorySamples:
    """The samples of ``data`` for ``net``.

    ``data`` is a tensor or an array of inputs; a tuple (x, y); a Dataset, or a list, of samples (x, y); or a
    DataLoader, or another iterable, of batches (x, y). Several inputs are a tuple or a dict in x's place. Targets that
    cannot be stacked, because their shapes differ, become a list.

    Raises:
        InputError: it is nothing of these, or holds no samples.
    """
    x, y = _pair(data)
    inputs = tensors(net, _example(x))
    if y is not None:
        y = _targets(y)
        try:
            number = count(y)
        except (TypeError, ValueError) as error:
            raise InputError(f"the targets do not fit together: {error}; give one for each sample") from error
        size = len(next(iter(inputs.values())))
        if number != size:
            raise InputError(f"there are {size} samples and targets of {number}; give one for each")
    return InMemorySamples(inputs, y)


def _pair(data: Any) -> tuple[Any, Any]:
    """Inputs and targets of all samples."""
    if isinstance(data, torch.Tensor | np.ndarray):
        return data, None
    if isinstance(data, tuple) and len(data) == 2:
        return data
    if isinstance(data, DataLoader) and data.collate_fn is default_collate:
        data = data if isinstance(data.dataset, IterableDataset) else data.dataset
    if isinstance(data, tuple | Mapping | str) or not isinstance(data, Iterable | Dataset):
        raise InputError(f"data is a {type(data).__name__}; give {_FORMS}")
    in_order = not isinstance(data, IterableDataset) and hasattr(data, "__getitem__") and hasattr(data, "__len__")
    return _of_samples(data) if in_order else _of_batches(data)


def _of_samples(data: Any) -> tuple[Any, Any]:
    found = [_checked(data[number], "sample", number) for number in range(len(data))]
    if not found:
        raise InputError(f"data has no samples; give {_FORMS}")
    try:
        x = _stacked([each[0] for each in found])
    except _RaggedError as error:
        raise InputError(f"the inputs in data are not of one shape ({error}); resize or pad them") from error
    y = [each[1] for each in found]
    try:
        return x, _stacked(y)
    except _RaggedError:
        return x, y


def _of_batches(data: Any) -> tuple[Any, Any]:
    found = [_checked(each, "batch", number) for number, each in enumerate(data)]
    if not found:
        raise InputError(f"data has no batches; give {_FORMS}")
    try:
        return _joined([each[0] for each in found]), _joined([each[1] for each in found])
    except _RaggedError as error:
        raise InputError(f"the batches in data do not fit together: {error}") from error


def _checked(item: Any, what: str, number: int) -> tuple[Any, Any]:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise InputError(f"{what} {number} of data is not a pair (x, y) but a {type(item).__name__}; give pairs")
    return item[0], item[1]


def _stacked(values: list[Any]) -> Any:
    """Values of single samples as those of all."""
    first = values[0]
    if isinstance(first, Mapping):
        return {name: _stacked([each[name] for each in values]) for name in _common(values)}
    if isinstance(first, tuple):
        if {len(each) for each in values} != {len(first)}:
            raise _RaggedError("tuples of several lengths")
        return tuple(_stacked(list(each)) for each in zip(*values, strict=True))
    if not isinstance(first, torch.Tensor | np.ndarray | np.generic | int | float | bool):
        raise _RaggedError(type(first).__name__)
    made = [torch.as_tensor(each) for each in values]
    if len({each.shape for each in made}) > 1:
        raise _RaggedError(" and ".join(sorted({str(list(each.shape)) for each in made})[:2]))
    return torch.stack(made)


def _joined(values: list[Any]) -> Any:
    """Values of batches as those of all."""
    first = values[0]
    if isinstance(first, Mapping):
        return {name: _joined([each[name] for each in values]) for name in _common(values)}
    if isinstance(first, tuple):
        return tuple(_joined(list(each)) for each in zip(*values, strict=True))
    if isinstance(first, list):
        return [one for each in values for one in each]
    try:
        return torch.cat([torch.as_tensor(each) for each in values])
    except (RuntimeError, TypeError) as error:
        raise _RaggedError(str(error).splitlines()[0]) from error


def _common(values: list[Any]) -> list[str]:
    names = list(values[0])
    if any(not isinstance(each, Mapping) or set(each) != set(names) for each in values):
        raise _RaggedError("dicts of several keys")
    return names


def _example(x: Any) -> Example:
    """Inputs as tensors."""
    if isinstance(x, Mapping):
        return {name: _tensor(each) for name, each in x.items()}
    if isinstance(x, tuple | list):
        return tuple(_tensor(each) for each in x)
    return _tensor(x)


def _targets(y: Any) -> Targets:
    if isinstance(y, Mapping):
        return {name: _targets(each) for name, each in y.items()}
    if isinstance(y, tuple):
        return tuple(_targets(each) for each in y)
    return y if isinstance(y, list) else _tensor(y)


def _tensor(value: Any) -> torch.Tensor:
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"data has a {type(value).__name__} where a tensor or an array is needed") from error
