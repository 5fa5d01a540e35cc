"""Networks by name, and their weights from and to safetensors files."""

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.record import write_atomically

NETWORKS = "edgecompress.model.networks"
_OF_TORCH = (".pt", ".pth", ".bin", ".ckpt")


def network(name: str, input_shape: tuple[int, ...], classes: int, *, width: float = 1.0) -> nn.Module:
    """The network called ``name`` with fresh weights from torch's global random generator.

    Args:
        name: a module of ``model/networks``.
        input_shape: (C, H, W) or (C, L) of one sample.
        classes: outputs.
        width: factor on the number of channels.

    Raises:
        InputError: there is no such network, or the shape is too small for it.
    """
    made: nn.Module = methods.find(NETWORKS, name)(input_shape=input_shape, classes=classes, width=width)
    return made


def seeded(name: str, input_shape: tuple[int, ...], classes: int, *, width: float = 1.0, seed: int = 0) -> nn.Module:
    """As ``network``, with the weights that ``seed`` gives; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network(name, input_shape, classes, width=width)


def load_checkpoint(module: nn.Module, path: Path) -> None:
    """Set the weights of ``module`` to those in a file, in place.

    The file is of safetensors, or one of PyTorch's (``.pt``, ``.pth``, ``.bin``, ``.ckpt``) that holds tensors and
    nothing else; there, weights may lie under ``state_dict``, and their names may begin with ``module.``. A tensor that
    several names share may be there under one of them.

    Raises:
        InputError: the file cannot be read, or does not fit: one line names the first tensor that is missing, unknown,
            of another shape, or not finite.
    """
    given = _from_torch(path) if path.suffix in _OF_TORCH else _from_safetensors(path)
    expected = module.state_dict()
    shared = {tensor.data_ptr(): name for name, tensor in expected.items() if name in given and tensor.numel()}
    given.update(
        {
            name: given[shared[t.data_ptr()]]
            for name, t in expected.items()
            if name not in given and t.data_ptr() in shared
        }
    )
    # Some tools leave BatchNorm's step counter out; nothing but training with momentum=None reads it.
    given.update(
        {name: t for name, t in expected.items() if name.endswith("num_batches_tracked") and name not in given}
    )
    for name, tensor in expected.items():
        if name not in given:
            raise InputError(f"{path} has no '{name}'; the network's first tensors are {', '.join(list(expected)[:3])}")
        if given[name].shape != tensor.shape:
            sizes = f"{list(given[name].shape)}, the network needs {list(tensor.shape)}"
            raise InputError(f"{path}: '{name}' has shape {sizes}; check --model, --data and width")
        if given[name].is_floating_point() and not bool(torch.isfinite(given[name]).all()):
            raise InputError(f"{path}: '{name}' holds NaN or infinite values; save the checkpoint again")
    unknown = next((name for name in given if name not in expected), None)
    if unknown is not None:
        raise InputError(f"{path}: the network has no '{unknown}'; check --model")
    module.load_state_dict(given)


def _from_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        found: dict[str, torch.Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"cannot read the checkpoint {path} (a safetensors file is expected): {error}") from error
    return found


def _from_torch(path: Path) -> dict[str, torch.Tensor]:
    """What ``torch.save`` wrote, if it is tensors by name: nothing else is unpickled."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(f"cannot read the checkpoint {path}: {str(error).splitlines()[0]}") from error
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} holds more than tensors, and no pickle is loaded here; save it with "
            "torch.save(network.state_dict(), ...) or as safetensors"
        ) from error
    while isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(isinstance(each, torch.Tensor) for each in found.values()):
        raise InputError(f"{path} holds a {type(found).__name__} and not tensors by name; save network.state_dict()")
    prefixed = all(name.startswith("module.") for name in found)
    return {name.removeprefix("module.") if prefixed else name: tensor for name, tensor in found.items()}


def save_checkpoint(module: nn.Module, path: Path) -> None:
    """Write the weights of ``module`` as a safetensors file that ``load_checkpoint`` reads."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}
    write_atomically(path, save(state))
