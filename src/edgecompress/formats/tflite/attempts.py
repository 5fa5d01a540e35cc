"""Inputs to try a TFLite model on: those of its signatures, or of its first subgraph where it has none."""

from collections.abc import Iterator
from typing import Any

from edgecompress.equivalence.attempts import GraphInput
from edgecompress.formats.tflite.schema import schema

SEPARATOR = "/"
"""Between a signature's key and the name of its input, where a model has several signatures."""


def inputs(model: Any) -> list[GraphInput]:
    """The inputs of a ``ModelT``. A free size is -1 in a tensor's ``shapeSignature``; its shape says 1 there.

    Raises:
        LookupError, TypeError, AttributeError: the tables do not fit each other.
    """
    s: Any = schema()
    wide = {s.TensorType.INT16, s.TensorType.UINT16, s.TensorType.INT32, s.TensorType.UINT32, s.TensorType.INT64,
            s.TensorType.UINT64}  # fmt: skip
    found = []
    for name, tensor in _named(model):
        shape = [] if tensor.shape is None else [int(size) for size in tensor.shape]
        stated = [] if tensor.shapeSignature is None else [int(size) for size in tensor.shapeSignature]
        free = len(stated) == len(shape)
        sizes = tuple(None if free and stated[axis] < 0 else size for axis, size in enumerate(shape))
        found.append(GraphInput(name, sizes, {}, tensor.type in wide))
    return found


def _named(model: Any) -> Iterator[tuple[str, Any]]:
    """Each input's name, as ``random_outputs`` calls it, and tensor."""
    signatures = model.signatureDefs or []
    for signature in signatures:
        tensors = model.subgraphs[signature.subgraphIndex].tensors
        for each in sorted(signature.inputs or [], key=lambda each: text(each.name)):
            yield label(text(signature.signatureKey), text(each.name), len(signatures)), tensors[each.tensorIndex]
    if not signatures:
        graph = model.subgraphs[0]
        for index in [] if graph.inputs is None else graph.inputs:
            yield text(graph.tensors[index].name), graph.tensors[index]


def label(signature: str, name: str, signatures: int) -> str:
    """The label of an input: its name, behind the signature's where there are several."""
    return name if signatures < 2 else f"{signature}{SEPARATOR}{name}"


def text(name: Any) -> str:
    """A name of the schema's objects, which is bytes there."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "")
