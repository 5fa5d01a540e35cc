"""Networks by name, and their weights from and to safetensors files."""

import pickle
import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from edgecompress import methods
from edgecompress.compress.finite import not_finite
from edgecompress.errors import InputError
from edgecompress.record import write_atomically
from edgecompress.sources.unwrap import unwrapped

NETWORKS = "edgecompress.sources.networks"
_OF_TORCH = (".pt", ".pth", ".bin", ".ckpt")


def network(name: str, input_shape: tuple[int, ...], classes: int, *, width: float = 1.0) -> nn.Module:
    """The network called ``name`` with fresh weights from torch's global random generator.

    Args:
        name: a module of ``sources/networks``.
        input_shape: (C, H, W) or (C, L) of one sample.
        classes: outputs.
        width: factor on the number of channels.

    Raises:
        InputError: there is no such network, or the shape is too small for it.
    """
    made: nn.Module = methods.find(NETWORKS, name)(input_shape=input_shape, classes=classes, width=width)
    return made


def seeded(name: str, input_shape: tuple[int, ...], classes: int, *, width: float = 1.0, seed: int = 0) -> nn.Module:
    """Make a network as ``network`` does, with the weights of ``seed``; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network(name, input_shape, classes, width=width)


def load_checkpoint(module: nn.Module, path: Path) -> None:
    """Set the weights of ``module`` to those in a file, in place.

    The file is of safetensors, or one that ``torch.save`` wrote, whatever its name, if it holds tensors and plain
    values and nothing else. Weights may lie deeper in it, with something before their names, as ``unwrapped`` finds
    them. A tensor that several names share may be there under one of them.

    Raises:
        InputError: the file cannot be read, or does not fit: one line names the first tensor that is missing, unknown,
            of another shape, or not finite.
    """
    fill(module, read_checkpoint(path), str(path))


def fill(module: nn.Module, content: object, where: str) -> None:
    """Set the weights of ``module`` to those in ``content``, which ``read_checkpoint`` read of the file ``where``.

    Raises:
        InputError: as ``load_checkpoint``.
    """
    expected = module.state_dict()
    given = unwrapped(content, expected, where)
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
            raise InputError(
                f"{where} has no '{name}'; it has {', '.join(list(given)[:3])}, and the network's first tensors are "
                f"{', '.join(list(expected)[:3])}"
            )
        if given[name].shape != tensor.shape:
            sizes = f"{list(given[name].shape)}, the network needs {list(tensor.shape)}"
            raise InputError(f"{where}: '{name}' has shape {sizes}; check --model, --data and width")
    unknown = next((name for name in given if name not in expected), None)
    if unknown is not None:
        raise InputError(f"{where}: the network has no '{unknown}'; check --model")
    module.load_state_dict(given)
    broken = not_finite(module)
    if broken is not None:
        raise InputError(f"{where}: '{broken}' holds NaN or infinite values; save the checkpoint again")


def read_checkpoint(path: Path) -> object:
    """Read a checkpoint: tensors by name, or what a trainer put around them. Nothing else is unpickled.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise InputError(f"cannot read the checkpoint {path}: {error.strerror or error}") from error
    if head[8:] == b"{":  # after the length of its header
        return _from_safetensors(path)
    if head[:1] != b"\x80" and head[:2] != b"PK" and path.suffix not in _OF_TORCH:
        raise InputError(
            f"cannot read the checkpoint {path}: it is neither a safetensors file nor one of PyTorch's; save it with "
            "torch.save(network.state_dict(), ...) or as safetensors"
        )
    return _from_torch(path)


def _from_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        found: dict[str, torch.Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"cannot read the checkpoint {path} (a safetensors file is expected): {error}") from error
    return found


def _from_torch(path: Path) -> object:
    """Read what ``torch.save`` wrote, if it is tensors and plain values: nothing else is unpickled."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        kind = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f" ({kind[1]})" if kind else ""
        raise InputError(
            f"{path} holds more than tensors{what}, and no pickle is loaded here; save it with "
            "torch.save(network.state_dict(), ...) or as safetensors"
        ) from error
    except Exception as error:  # of many kinds, where a file is damaged
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot read the checkpoint {path}: {reason}") from error


def save_checkpoint(module: nn.Module, path: Path) -> None:
    """Write the weights of ``module`` as a safetensors file that ``load_checkpoint`` reads."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}
    write_atomically(path, save(state))
