"""Checkpoints: the state after each stage and, while a stage trains, after each epoch.

They are addressed by content: a stage's key is a hash over everything that decides its result. So a changed recipe
never meets a stale state, and two builds that share their first stages train them once.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from edgecompress.compress.kept import KeptState
from edgecompress.compress.record import StageResult
from edgecompress.errors import InputError

State = Mapping[str, torch.Tensor]


def key(previous: str, stage: str, decides: Mapping[str, Any]) -> str:
    """A stage's key: 24 hexadecimal digits over the key before it, its name, and what decides its result."""
    text = json.dumps([previous, stage, decides], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def digest(module: nn.Module) -> str:
    """24 hexadecimal digits over a network's names, shapes and bits: a key for what no settings decide."""
    found = hashlib.sha256()
    for name, tensor in _tensors(module).items():
        found.update(f"{name} {list(tensor.shape)} {tensor.dtype} ".encode())
        found.update(tensor.numpy().reshape(-1).data)
    return found.hexdigest()[:24]


class Mirror(Protocol):
    """Another place where finished stages are kept, for machines that share no folder."""

    def fetch(self, path: Path) -> None:
        """Put the file of that name at ``path``, whole or not at all; nothing if the other place has none."""
        ...

    def publish(self, path: Path) -> None:
        """Keep the file ``path`` there too, under its name, unless it is there."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """The two files of one stage: ``<key>.safetensors`` when it is done, ``<key>.part.safetensors`` while it trains."""

    folder: Path
    key: str
    mirror: Mirror | None = None

    @property
    def lock(self) -> Path:
        """The lock of who computes the stage."""
        return self.folder / f"{self.key}.lock"

    @property
    def _done(self) -> Path:
        return self.folder / f"{self.key}.safetensors"

    @property
    def _part(self) -> Path:
        return self.folder / f"{self.key}.part.safetensors"

    @property
    def state(self) -> KeptState:
        """The state of a finished stage."""
        return KeptState(self._done)

    def finished(self) -> tuple[State, StageResult] | None:
        """The stage's state and result if it is finished, by this run or an earlier one."""
        state = _load(self._done)
        if self.mirror and state is not None:
            self.mirror.publish(self._done)
        elif self.mirror:
            self.mirror.fetch(self._done)
            state = _load(self._done)
        return None if state is None else (state, StageResult.model_validate_json(state.metadata["result"]))

    def finish(self, module: nn.Module, result: StageResult) -> None:
        """Keep the stage's result; the epochs before it are no longer needed."""
        _save(self._done, _tensors(module), {"result": result.model_dump_json()})
        self._part.unlink(missing_ok=True)
        if self.mirror:
            self.mirror.publish(self._done)

    def forget(self) -> None:
        """Delete what is kept."""
        self._done.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)

    def begin_from(self, other: "Checkpoint") -> None:
        """Let a stage that has kept nothing yet go on from the epoch that ``other`` has kept last."""
        if other._part.is_file() and not self._part.exists() and not self._done.exists():
            temporary = self._part.with_name(f".{self._part.name}.{os.getpid()}")
            shutil.copyfile(other._part, temporary)
            temporary.replace(self._part)

    def save(
        self, module: nn.Module, optimizer: torch.optim.Optimizer, epochs: int, carried: Mapping[str, torch.Tensor]
    ) -> None:
        """Keep the state after ``epochs`` finished epochs; ``carried`` is what the stage needs beside the network."""
        tensors = {f"module/{name}": tensor for name, tensor in _tensors(module).items()}
        for group, parameters in enumerate(_parameters(optimizer)):
            tensors[f"parameter/{group}"] = parameters.detach().contiguous()
            for name, value in optimizer.state.get(parameters, {}).items():
                if isinstance(value, torch.Tensor):
                    tensors[f"optimizer/{group}/{name}"] = value.contiguous()
        tensors |= {f"carried/{name}": tensor.contiguous() for name, tensor in carried.items()}
        _save(self._part, tensors, {"epochs": str(epochs)})

    def restore(self, module: nn.Module, optimizer: torch.optim.Optimizer, carried: Mapping[str, torch.Tensor]) -> int:
        """Go back to the last kept epoch, in place. Returns how many epochs are done; 0 if none was kept.

        A state without what is ``carried`` now is none: going on from it would not end with the same bits.
        """
        tensors = _load(self._part)
        if tensors is None or not all(f"carried/{name}" in tensors for name in carried):
            return 0
        for name, tensor in carried.items():
            tensor.copy_(tensors[f"carried/{name}"])
        module.load_state_dict({name[7:]: tensors[name] for name in tensors if name.startswith("module/")})
        for group, parameter in enumerate(_parameters(optimizer)):
            with torch.no_grad():
                parameter.copy_(tensors[f"parameter/{group}"])
            prefix = f"optimizer/{group}/"
            state = {name[len(prefix) :]: tensors[name] for name in tensors if name.startswith(prefix)}
            if state:
                # torch keeps a step counter on the CPU and everything else beside the parameter.
                optimizer.state[parameter] = {
                    name: value.clone() if value.ndim == 0 else torch.empty_like(parameter).copy_(value)
                    for name, value in state.items()
                }
        return int(tensors.metadata["epochs"])


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}


def _apart(tensors: State) -> dict[str, torch.Tensor]:
    """The tensors, copied where two share memory, as a module's and its optimizer's do: safetensors refuses that."""
    known: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        found[name] = tensor.clone() if place in known else tensor
        known.add(place)
    return found


def _save(path: Path, tensors: State, metadata: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(_apart(tensors), temporary, metadata)
        temporary.replace(path)
    except SafetensorError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {error}; free space there, or set --cache-dir") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _load(path: Path) -> KeptState | None:
    """The tensors and metadata of a checkpoint; None if there is none, or if a crash of the machine left it damaged."""
    try:
        return KeptState(path)
    except (FileNotFoundError, SafetensorError):
        return None
