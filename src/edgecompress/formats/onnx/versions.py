"""The versions that a file asks a runtime for: no later ones than what is in it needs, so that old runtimes load it."""

import onnx
import onnx_ir as ir

from edgecompress.formats.onnx.canonical import DEFAULT_DOMAIN
from edgecompress.formats.onnx.compress import LEAST_OPSET

LEAST_IR = 4
"""The first in which an initialiser need not be an input."""

_FUNCTIONS, _OVERLOADS = 8, 10
_TYPES = {
    ir.DataType.FLOAT8E4M3FN: 9, ir.DataType.FLOAT8E4M3FNUZ: 9, ir.DataType.FLOAT8E5M2: 9,
    ir.DataType.FLOAT8E5M2FNUZ: 9, ir.DataType.INT4: 10, ir.DataType.UINT4: 10, ir.DataType.FLOAT4E2M1: 11,
}  # fmt: skip
"""The IR version with which a type came."""

_PLAIN = {
    "FLOAT", "FLOAT16", "DOUBLE", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL",
    "COMPLEX64", "COMPLEX128", "UNDEFINED",
}  # fmt: skip
_NEW_TYPES = {kind for kind in ir.DataType if kind.name not in _PLAIN}
_NEW_WORDS = {"half_pixel_symmetric", "wrap"}  # of Resize and of Pad, from opset 19 on
_TYPES_ONLY = 18
"""Opsets after this one define many operators anew only to allow these types."""


def lower(model: ir.Model, *, least: int = LEAST_OPSET) -> None:
    """State no later opset than the operators of ``model`` need, or ``least``, and no later IR version than that.

    An operator means the same from the opset that defined it until the next that defines it anew, and beyond where
    that one only allows types that the model does not have. What is stated is never raised, other domains are left
    alone, and so is a model with operators that onnx does not know.
    """
    stated = model.opset_imports.get(DEFAULT_DOMAIN)
    needed = _opset(model, stated) if stated is not None else None
    if stated is not None and needed is not None and max(needed, least) < stated:
        model.graph.opset_imports[DEFAULT_DOMAIN] = max(needed, least)
        for function in model.functions.values():
            function.opset_imports[DEFAULT_DOMAIN] = max(needed, least)
    version = _ir_version(model)
    if version is not None:
        model.ir_version = max(LEAST_IR, min(model.ir_version or version, version))


def _opset(model: ir.Model, stated: int) -> int | None:
    """The opset in which the newest of the operators was defined; ``None`` if one is unknown."""
    newest = 1
    plain = not any(kind in _NEW_TYPES for kind in _types(model))
    functions = [function.all_nodes() for function in model.functions.values()]
    for node in (node for nodes in (model.graph.all_nodes(), *functions) for node in nodes):
        if node.domain != DEFAULT_DOMAIN:
            continue
        try:
            newest = max(newest, _defined(node.op_type, stated, plain=plain and not _says_new(node)))
        except onnx.defs.SchemaError:
            return None
    return newest


def _defined(op_type: str, opset: int, *, plain: bool) -> int:
    """The opset that defined an operator, for ``plain`` types without definitions that only allow it newer types."""
    schema = onnx.defs.get_schema(op_type, opset, DEFAULT_DOMAIN)
    while plain and schema.since_version > _TYPES_ONLY:
        try:
            before = onnx.defs.get_schema(op_type, schema.since_version - 1, DEFAULT_DOMAIN)
        except onnx.defs.SchemaError:
            break
        if before.deprecated or _signature(before) != _signature(schema):
            break
        schema = before
    return int(schema.since_version)


def _says_new(node: ir.Node) -> bool:
    """Return whether an attribute has a value that came later than the attribute."""
    texts = (each for each in node.attributes.values() if each.type == ir.AttributeType.STRING)
    return any(attribute.as_string() in _NEW_WORDS for attribute in texts)


def _signature(schema: onnx.defs.OpSchema) -> object:
    """The signature that two definitions of an operator share if they differ in their types alone."""
    attributes = {
        name: (each.type, each.required, each.default_value.SerializeToString())
        for name, each in schema.attributes.items()
    }
    values = [
        [(each.name, each.option, each.is_homogeneous) for each in side] for side in (schema.inputs, schema.outputs)
    ]
    return attributes, values


def _ir_version(model: ir.Model) -> int | None:
    """The IR version that goes with the opsets and with what else is in the model; ``None`` where that is not known."""
    stated = [onnx.helper.make_opsetid(*each) for each in model.opset_imports.items()]
    try:
        found = int(onnx.helper.find_min_ir_version_for(stated, ignore_unknown=True))
    except ValueError:
        return None
    if model.functions:
        found = max(found, _FUNCTIONS)
    if any(function.overload for function in model.functions.values()):
        found = max(found, _OVERLOADS)
    types = _types(model)
    if types & _NEW_TYPES - {*_TYPES, ir.DataType.BFLOAT16}:
        return None
    return max([found, *(_TYPES.get(kind, 0) for kind in types)])


def _types(model: ir.Model) -> set[ir.DataType]:
    """The types that values of a model may have: given, stored, or named by an operator."""
    found: set[ir.DataType | None] = set()
    for graph in model.graphs():
        values = [*graph.inputs, *graph.outputs, *graph.initializers.values()]
        found |= {value.dtype for value in values}
        found |= {value.const_value.dtype for value in graph.initializers.values() if value.const_value is not None}
    for node in model.graph.all_nodes():
        for attribute in node.attributes.values():
            if attribute.type == ir.AttributeType.TENSOR:
                found.add(attribute.as_tensor().dtype)
            elif attribute.name in ("to", "dtype", "output_dtype") and attribute.type == ir.AttributeType.INT:
                found.add(ir.DataType(attribute.as_int()))
    return {kind for kind in found if kind is not None}
