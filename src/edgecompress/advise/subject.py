"""The network that is asked about: a built-in one with random weights, or an ONNX file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir

from edgecompress import bundle
from edgecompress.advise.records import NetworkIdentity
from edgecompress.errors import InputError
from edgecompress.formats.onnx.read import read_onnx

HALF = 0.5


@dataclass(frozen=True)
class Subject:
    """A network as a graph.

    Attributes:
        network: what it is.
        graph: float32, one input whose first axis is the batch.
        half: the same network with half of the channels; ``None``: it cannot be made of a file.
    """

    network: NetworkIdentity
    graph: ir.Model
    half: ir.Model | None


def identity(model: str, data: str, width: float) -> NetworkIdentity:
    """The identity of ``model``: an ONNX file's path, or a built-in network for the samples of ``data``.

    Raises:
        InputError: it means nothing, or the file cannot be used.
    """
    if model.endswith(".onnx"):
        path = Path(model)
        shape = _input_shape(read_onnx(path), path)
        return NetworkIdentity(name=path.name, width=None, input_shape=shape, classes=None, sha256=bundle.digest(path))
    if "/" in model or "." in model:
        raise InputError(
            f"'{model}' is no built-in network and no .onnx file: give alexnet, or a file that ends in .onnx"
        )
    from edgecompress import methods
    from edgecompress.sources import load, shapes

    methods.find(load.NETWORKS, model)
    shape_given, classes = shapes.shape_of(data)
    return NetworkIdentity(name=model, width=width, input_shape=list(shape_given), classes=classes, sha256=None)


def subject(model: str, network: NetworkIdentity) -> Subject:
    """The graph of ``network``, which ``identity`` found for ``model``.

    Raises:
        InputError: the network cannot be made at this width.
    """
    if network.classes is None or network.width is None:
        return Subject(network, read_onnx(Path(model)), None)
    from edgecompress.sources import load
    from edgecompress.sources.to_onnx import to_onnx

    shape = tuple(network.input_shape)
    graphs = [
        to_onnx(load.seeded(network.name, shape, network.classes, width=width), shape)
        for width in (network.width, HALF * network.width)
    ]
    return Subject(network, graphs[0], graphs[1])


def _input_shape(model: ir.Model, path: Path) -> list[int]:
    """The shape of a sample of the file's one input."""
    inputs = [value for value in model.graph.inputs if not value.is_initializer()]
    if len(inputs) != 1 or inputs[0].dtype != ir.DataType.FLOAT:
        raise InputError(f"{path} must have one input, of float32, to be measured with noise")
    shape: Sequence[object] = [] if inputs[0].shape is None else list(inputs[0].shape)
    sizes = [size for size in shape[1:] if isinstance(size, int)]
    if not sizes or len(sizes) != len(shape) - 1:
        raise InputError(f"{path}: all axes of its input but the first must have a size; it is {inputs[0].shape}")
    return sizes
