"""The device and precision of training: CUDA if there is one, bfloat16 where the processor computes in it."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn


def training_device() -> torch.device:
    """The GPU if PyTorch sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 autocast where it is native. Where it is emulated it is slower than float32, so there it is off."""
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        native = bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))
    return torch.autocast(device.type, dtype=torch.bfloat16) if native else nullcontext()


def place(module: nn.Module, device: torch.device) -> nn.Module:
    """The module on ``device``; its 4-D weights channels_last, the layout that convolutions are fastest in."""
    module = module.to(device)
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return module
