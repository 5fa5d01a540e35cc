"""Equal weights under several names, kept once: the first as it is, each other as an Identity of it."""

import hashlib

import numpy as np
import onnx_ir as ir

from edgecompress.formats.onnx.builder import LABEL

LEAST = 256
"""Bytes of a weight from which another Identity is worth it: it takes some 60, with its label."""


def keep_once(model: ir.Model) -> None:
    """Let equal initialisers of ``model`` be one, under all of their names, bit by bit."""
    first: dict[tuple[object, ...], ir.Value] = {}
    sizes: dict[int, int] = {}
    values = [value for value in model.graph.initializers.values() if _may_be_one(value)]
    for value in values:
        assert value.const_value is not None
        sizes[value.const_value.nbytes] = sizes.get(value.const_value.nbytes, 0) + 1
    place = next(iter(model.graph), None)
    for value in values:
        tensor = value.const_value
        assert tensor is not None and place is not None
        if sizes[tensor.nbytes] < 2:
            continue
        array = np.ascontiguousarray(tensor.numpy()).reshape(-1).view(np.uint8)
        digest = hashlib.sha256(array.data).digest()
        known = first.setdefault((tensor.dtype, *tensor.shape.numpy(), digest), value)
        if known is value:
            continue
        name = value.name
        same = ir.Value(name=name)
        node = ir.node("Identity", [known], outputs=[same], name="", metadata_props={LABEL: "equal"})
        value.replace_all_uses_with(same)
        del model.graph.initializers[str(name)]
        model.graph.insert_before(place, node)


def _may_be_one(value: ir.Value) -> bool:
    tensor = value.const_value
    if tensor is None or tensor.nbytes < LEAST or tensor.dtype == ir.DataType.STRING:
        return False
    return bool(value.uses()) and not value.is_graph_input() and not value.is_graph_output()
