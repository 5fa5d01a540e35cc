"""Writing an ONNX file, with its large tensors in a file beside it where one file cannot hold them."""

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import onnx_ir as ir

from edgecompress import temporary
from edgecompress.errors import InputError
from edgecompress.formats.onnx import lean
from edgecompress.formats.onnx.protobuf import fields, head
from edgecompress.record import atomic

LARGEST = 2**31 - 1 - 2**20
"""Bytes of tensors in one file: a protobuf message ends at 2 GiB, and the graph needs room too."""

_STAYS = 1024
"""Tensors up to this size stay in the file: shapes, codebooks."""

_NOTHING = ir.Tensor(np.zeros(0, np.uint8))


def write(model: ir.Model, path: Path) -> None:
    """Write ``model`` to ``path``, all of it at once or not at all; the same model gives the same bytes.

    Tensors beyond ``LARGEST`` bytes go to ``<name>.data`` in the same folder (ONNX external data).

    Raises:
        InputError: what is left in the file is still too large.
    """
    sizes = [value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value]
    if sum(sizes) <= LARGEST:
        with atomic(path) as stream:
            _stream(model, stream)
        return
    if sum(size for size in sizes if size <= _STAYS) > LARGEST:
        raise InputError(f"{path} would take more than 2 GiB without its large tensors; no runtime could read it")
    data = f"{path.name}.data"
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.folder(beside=path) as folder:
        written = Path(folder) / path.name
        ir.save(model, written, external_data=data, size_threshold_bytes=_STAYS)
        # The tensors first: a model never names a file that is not there.
        (Path(folder) / data).replace(path.with_name(data))
        written.replace(path)


def _stream(model: ir.Model, stream: BinaryIO) -> None:
    """Write the message of ``model``, with its large weights one after the other.

    The bytes are those of ``ir.to_proto(model).SerializeToString(deterministic=True)``, which takes all weights twice.
    """
    without, large = model.clone(), {}
    for name, value in without.graph.initializers.items():
        tensor = value.const_value
        if not isinstance(tensor, ir.Tensor | ir.LazyTensor) or tensor.nbytes < lean.LARGE:
            continue
        if tensor.dtype.value in lean.TYPES:
            large[name] = tensor
            value.const_value = ir.LazyTensor(
                lambda: _NOTHING,
                tensor.dtype,
                ir.Shape(tensor.shape.numpy()),
                name=tensor.name,
                doc_string=tensor.doc_string,
                metadata_props=dict(tensor.metadata_props),
            )
    content = ir.to_proto(without).SerializeToString(deterministic=True)
    (graph,) = (each for each in fields(content, 0, len(content)) if each.number == lean.GRAPH)
    parts = _parts(content[graph.start : graph.stop], large)
    stream.write(content[: graph.begin])
    stream.write(head(lean.GRAPH, sum(len(part) if isinstance(part, bytes) else part.nbytes for part in parts)))
    for part in parts:
        stream.write(part if isinstance(part, bytes) else _data(part))
    stream.write(content[graph.stop :])


def _parts(graph: bytes, large: Mapping[str, ir.TensorProtocol]) -> list[bytes | ir.TensorProtocol]:
    """The message of a graph, with the data of the initialisers in ``large`` in their places."""
    parts: list[bytes | ir.TensorProtocol] = []
    for each in fields(graph, 0, len(graph)):
        if each.number == lean.INITIALIZER:
            inside = {one.number: one for one in fields(graph, each.start, each.stop)}
            tensor = large.get(lean.text(graph, inside[lean.NAME])) if lean.NAME in inside else None
            if tensor is not None:
                raw = inside[lean.RAW]
                before = graph[each.start : raw.begin] + head(lean.RAW, tensor.nbytes)
                after = graph[raw.stop : each.stop]
                size = len(before) + tensor.nbytes + len(after)
                parts += [head(lean.INITIALIZER, size) + before, tensor, after]
                continue
        parts.append(graph[each.begin : each.stop])
    return parts


def _data(tensor: ir.TensorProtocol) -> memoryview:
    """The data of a tensor as they are in a file, copied only where they have to be."""
    stored = np.ascontiguousarray(tensor.numpy(), lean.TYPES[tensor.dtype.value])
    return stored.reshape(-1).view(np.uint8).data
