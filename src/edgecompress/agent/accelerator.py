"""The accelerator that runs a model's nodes beside the runtime's own kernels for the CPU."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Accelerator:
    """An accelerator: it gets the nodes that it can run; the CPU's kernels get the others."""

    provider: str = ""  # of onnxruntime, by its whole name or as in "cuda"
    delegate: str = ""  # of LiteRT: the shared library of an external delegate, on this machine


NONE = Accelerator()
