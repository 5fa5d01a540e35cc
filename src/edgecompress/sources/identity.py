"""The names of losses, metrics and data of the user's own, and what tells each from others in a cache's keys."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from edgecompress.errors import InputError

_OF_TORCH = set(vars(nn.Module()))
_PLAIN = (int, float, str, bool, type(None))


def name_of(function: Callable[..., Any]) -> str:
    """A name for reports: of a function, or of an object's class."""
    return str(getattr(function, "__name__", type(function).__name__))


def decides(function: Callable[..., Any], what: str) -> dict[str, Any]:
    """Module, name and a digest of the source of ``function``; of an ``nn.Module`` its settings and tensors too.

    What it calls is not looked at.

    Args:
        function: a function of a module, or an ``nn.Module``.
        what: its role, for errors.

    Raises:
        InputError: it has no name of its own or no source, or holds what has no identity.
    """
    cure = f"give a function of a module as {what}, or leave cache out"
    named = type(function) if isinstance(function, nn.Module) else function
    qualname = getattr(named, "__qualname__", None)
    if qualname is None or "<" in qualname:
        raise InputError(f"{what} {name_of(function)} has no name that a cache could tell it from others by; {cure}")
    try:
        source = inspect.getsource(named)
    except (OSError, TypeError) as error:
        raise InputError(f"the source of {what} {qualname} cannot be read, and a cache needs it; {cure}") from error
    found: dict[str, Any] = {
        "name": f"{named.__module__}:{qualname}",
        "source": hashlib.sha256(source.encode()).hexdigest(),
    }
    return found | ({"settings": _settings(function, what, cure)} if isinstance(function, nn.Module) else {})


def _settings(module: nn.Module, what: str, cure: str) -> dict[str, Any]:
    found: dict[str, Any] = {name: digest_of(tensor) for name, tensor in module.state_dict().items()}
    for place, each in module.named_modules():
        found[place] = f"{type(each).__module__}:{type(each).__qualname__}"
        for name, value in vars(each).items():
            if name in _OF_TORCH:
                continue
            if not isinstance(value, _PLAIN):
                raise InputError(f"{what} {type(module).__name__} holds '{name}', a {type(value).__name__}; {cure}")
            found[f"{place}.{name}"] = value
    return found


def digest_of(value: object) -> str:
    """SHA-256 over tensors, arrays, numbers and text, and tuples, lists and dicts of these.

    Raises:
        InputError: there is something else in it.
    """
    found = hashlib.sha256()
    _update(found, value)
    return found.hexdigest()


def _update(found: Any, value: object) -> None:
    if isinstance(value, torch.Tensor | np.ndarray):
        array = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
        found.update(f"{array.dtype} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            found.update(f"{name!r}:".encode())
            _update(found, each)
    elif isinstance(value, tuple | list):
        found.update(f"{type(value).__name__} {len(value)}\n".encode())
        for each in value:
            _update(found, each)
    elif isinstance(value, _PLAIN):
        found.update(f"{value!r}\n".encode())
    else:
        raise InputError(
            f"the targets hold a {type(value).__name__}, which a cache cannot tell from others; give tensors, numbers "
            "and text, or leave cache out"
        )
