"""A network, wherever it comes from, as the stages and the formats take it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir
from torch import nn

from edgecompress.errors import InputError
from edgecompress.sources.callables import is_callable
from edgecompress.sources.signature import Signature


@dataclass(frozen=True)
class Model:
    """A network with what must be known of it.

    Attributes:
        name: short, for files and reports.
        source: what the user named.
        sha256: of the file, or over the weights that a function's network began with; empty: built in.
        module: the network; it takes and gives rows where it has several inputs or outputs.
        signature: its inputs and outputs.
        trained: whether the weights were given, and are not to be trained from scratch.
        graph: the ONNX graph of the network with the weights that it has when asked.
        architecture: a digest of that graph without its weights; empty: not asked for.
        why_not_run: why the network cannot be run here; None: it runs.
        fixed: whether its channels cannot be removed, because the graph's constants know their number.
        one_by_one: whether its file takes no more than one sample, as the one that was given.
        built_in: whether it is one of ``networks``, and not the user's own.
    """

    name: str
    source: str
    sha256: str
    module: nn.Module
    signature: Signature
    trained: bool
    graph: Callable[[nn.Module], ir.Model]
    architecture: str
    why_not_run: str | None = None
    fixed: bool = False
    one_by_one: bool = False
    built_in: bool = False

    @property
    def by_name(self) -> bool:
        """Return whether inputs and outputs go by name: there are several, or PyTorch does not run the network."""
        return not self.signature.plain or self.why_not_run is not None


def short_name(spec: str) -> str:
    """A name for files and reports: of the function, or of the file without its suffix."""
    return spec.rpartition(":")[2] if is_callable(spec) else Path(spec).stem or Path(spec).name


def architecture(graph: ir.Model) -> str:
    """A digest of operators, attributes and names: what of a network is not its weights."""
    found = hashlib.sha256()
    for value in [*graph.graph.inputs, *graph.graph.outputs]:
        found.update(f"{value.name} {value.shape} {value.dtype}\n".encode())
    for name, value in graph.graph.initializers.items():
        found.update(f"{name} {value.shape} {value.dtype}\n".encode())
    for node in graph.graph:
        found.update(ir.serde.serialize_node(node).SerializeToString(deterministic=True))
    return found.hexdigest()


def file_of(spec: str) -> Path:
    """The file that ``spec`` names.

    Raises:
        InputError: there is none.
    """
    path = Path(spec)
    if not path.is_file():
        raise InputError(f"{spec} does not exist; give the path of an .onnx or .pt2 file, or package.module:factory")
    return path
