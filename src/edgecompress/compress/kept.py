"""The state in a checkpoint, which stays there until one of its tensors is asked for."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from edgecompress.errors import InputError


class KeptState(Mapping[str, torch.Tensor]):
    """A state dictionary in a safetensors file.

    A tensor is mapped into memory when it is looked up, and gone when its user drops it. So a network's states before
    and after all stages take no memory beside the network itself.

    Args:
        path: the file, whole and not changed any more. It may be replaced by one of the same content.

    Attributes:
        path: the file.
        metadata: what was kept with the tensors.

    Raises:
        FileNotFoundError: there is no such file.
        SafetensorError: it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with safe_open(path, framework="pt") as file:
            self._names: dict[str, None] = dict.fromkeys(file.keys())
            self.metadata: dict[str, str] = file.metadata() or {}

    def __getitem__(self, name: str) -> torch.Tensor:
        """A tensor of the caller's own.

        Raises:
            KeyError: there is none of that name.
            InputError: the file is gone.
        """
        if name not in self._names:
            raise KeyError(name)
        try:
            # Each from a mapping of its own: one of the whole file would stay as long as one tensor does.
            with safe_open(self.path, framework="pt") as file:
                tensor: torch.Tensor = file.get_tensor(name)
                return tensor
        except (FileNotFoundError, SafetensorError) as error:
            raise InputError(f"{self.path} was removed while it was in use; run the same command again") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
