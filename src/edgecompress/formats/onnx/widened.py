"""Weights that a file holds in a narrower type than the network reads, with a Cast between: packed, and given back.

What is packed is what the network reads, float32 (``folding``). A file says which of its weights were narrower, so
that ``unpack`` writes no more bytes than the source had.
"""

from collections.abc import Mapping
from math import prod

import numpy as np
import onnx_ir as ir

from edgecompress.formats.onnx.decoded import Array, found_in
from edgecompress.formats.onnx.lean import Lean

NOTE = "edgecompress.widened."
"""Begins the key of a model's metadata, which a type ends; the value has a name a line."""

TYPES = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16, ir.DataType.INT8, ir.DataType.UINT8)


def note_widened(read: Lean, arrays: Mapping[str, Array], model: ir.Model) -> None:
    """Note in ``model`` which float32 weights of ``arrays`` nodes of ``read`` made of as many narrower numbers."""
    for constant in found_in(read).constants:
        array = arrays.get(constant.name)
        leaves = [leaf for leaf in constant.initializers if prod(leaf.dims) > 1]
        if array is None or array.dtype != np.float32 or len(leaves) != 1 or prod(leaves[0].dims) != array.size:
            continue
        kind = next((each for each in TYPES if each == leaves[0].data_type), None)
        if kind is not None and "\n" not in constant.name and _narrowed(array, kind) is not None:
            key = NOTE + kind.name.lower()
            names = model.metadata_props.get(key, "").split("\n")
            model.metadata_props[key] = "\n".join(dict.fromkeys((*filter(None, names), constant.name)))


def narrow(model: ir.Model) -> None:
    """Store the weights that are noted in ``model`` as the numbers that they were, with a Cast behind each."""
    for kind in TYPES:
        for name in model.metadata_props.pop(NOTE + kind.name.lower(), "").split("\n"):
            value = model.graph.initializers.get(name)
            if value is None or value.const_value is None or value.is_graph_input() or value.is_graph_output():
                continue
            array = _narrowed(value.const_value.numpy(), kind)
            if array is not None and value.uses():
                _put(model.graph, value, array, kind)


def _put(graph: ir.Graph, value: ir.Value, array: Array, kind: ir.DataType) -> None:
    name = stored = str(value.name)
    while stored in graph.initializers:
        stored += f" {kind.name.lower()}"
    narrower = ir.Value(name=stored, const_value=ir.Tensor(array, dtype=kind, name=stored))
    wide = ir.Value(name=name)
    node = ir.node("Cast", [narrower], {"to": ir.DataType.FLOAT}, outputs=[wide], name="")
    value.replace_all_uses_with(wide)
    del graph.initializers[name]
    graph.register_initializer(narrower)
    graph.insert_before(next(iter(graph)), node)


def _narrowed(array: Array, kind: ir.DataType) -> Array | None:
    """The float32 ``array`` in a narrower type, if that changes no bit; else ``None``."""
    if array.dtype != np.float32:
        return None
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        narrower = array.astype(kind.numpy())
        return narrower if narrower.astype(np.float32).tobytes() == array.tobytes() else None
