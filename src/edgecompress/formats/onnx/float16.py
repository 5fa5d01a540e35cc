"""float16 arithmetic for ONNX: the same graph in float16 between a Cast of each input and one of each output.

onnxruntime computes it natively on processors with such instructions; elsewhere it puts Casts around each operator that
has no float16 kernel, and computes that in float32. Palettes stay palettes: equal weights are equal when rounded.
"""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

from edgecompress.encode.half import to_float16
from edgecompress.errors import InputError
from edgecompress.formats.onnx.read import check_finite

_FLOAT, _HALF = ir.DataType.FLOAT, ir.DataType.FLOAT16
_SUFFIX = "/float16"
_HALF_NAME, _FLOAT_NAME = "tensor(float16)", "tensor(float)"


def halved(model: ir.Model) -> ir.Model:
    """A copy of the float32 graph ``model`` that computes in float16, its inputs and outputs as they were.

    Weights are rounded to the nearest float16, nonzeros never to zero (``to_float16``). What an operator reads as
    float32 by its definition (the scales of Resize) stays.

    Raises:
        InputError: weights are NaN, infinite, or beyond float16's 65504; or an operator has no float16 form.
    """
    check_finite(model)
    made = model.clone()
    if made.functions:
        raise InputError("a graph with functions has no float16 form here; set export.float16_arithmetic=false")
    weights: dict[ir.Value, ir.Value] = {}
    # All of them first: a value tells its type until it is changed.
    schemas = [(node, _schema(node, made.opset_imports.get(node.domain, 0))) for node in made.graph]
    outputs = [value for value in made.graph.outputs if value.dtype == _FLOAT and value.producer() is not None]
    for node, schema in schemas:
        _convert_attributes(node)
        for index, value in enumerate(node.inputs):
            constant = value.const_value if value is not None else None
            if value is None or constant is None or constant.dtype != _FLOAT:
                continue
            # The last parameter stands for all that follow.
            formal = schema.inputs[min(index, len(schema.inputs) - 1)]
            # Scales and bounds of Resize share no type with what is resized: they stay as exact as they were.
            if _HALF_NAME in _allowed(schema, formal) and (node.op_type != "Resize" or index == 0):
                node.replace_input_with(index, _rounded(made.graph, weights, value))
        for value in node.outputs:
            if value.dtype == _FLOAT:
                value.type = ir.TensorType(_HALF)  # the clone shares its types with the graph that was given
    _cast_ends(made.graph, outputs)
    for name, value in list(made.graph.initializers.items()):
        if not value.uses() and not value.is_graph_output():
            del made.graph.initializers[name]
            if value in weights and not value.is_graph_input():
                weights[value].name = name
    return made


def _schema(node: ir.Node, opset: int) -> onnx.defs.OpSchema:
    """The definition of an operator, which allows float16 wherever the node has float32."""
    refused = InputError(
        f"{node.op_type} has no float16 form here; build without: --set export.float16_arithmetic=false"
    )
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, node.domain)
    except onnx.defs.SchemaError as error:
        raise refused from error
    bodies = any(each.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS) for each in node.attributes.values())
    says_float = any(node.attributes.get_int(name, 0) == _FLOAT for name in ("dtype", "output_datatype"))
    lists = any(not isinstance(each.type, ir.TensorType | None) for each in node.outputs)
    if bodies or says_float or lists or "Quantize" in node.op_type or node.op_type.startswith("Random"):
        raise refused
    ends = [*zip(schema.outputs, node.outputs, strict=False), *zip(schema.inputs, node.inputs, strict=False)]
    if any(_float_only(schema, formal, value) for formal, value in ends if value is not None):
        raise refused
    return schema


def _float_only(schema: onnx.defs.OpSchema, formal: onnx.defs.OpSchema.FormalParameter, value: ir.Value) -> bool:
    """Return whether a value that would become float16 may not be that there."""
    allowed = _allowed(schema, formal)
    if value.dtype not in (None, _FLOAT) or _FLOAT_NAME not in allowed or _HALF_NAME in allowed:
        return False
    return value.const_value is None or formal.type_str != _FLOAT_NAME


def _allowed(schema: onnx.defs.OpSchema, formal: onnx.defs.OpSchema.FormalParameter) -> set[str]:
    """The types that a parameter may have."""
    of_name = {each.type_param_str: set(each.allowed_type_strs) for each in schema.type_constraints}
    return of_name.get(formal.type_str, {formal.type_str})


def _convert_attributes(node: ir.Node) -> None:
    """Change float32 to float16 where a node's own attributes say it."""
    if node.op_type == "Cast" and node.attributes.get_int("to", 0) == _FLOAT:
        node.attributes["to"] = ir.AttrInt64("to", int(_HALF))
    value = node.attributes.get("value")
    if node.op_type in ("Constant", "ConstantOfShape") and value is not None:
        tensor = value.as_tensor()
        if tensor.dtype == _FLOAT:
            node.attributes["value"] = ir.AttrTensor(
                "value", ir.tensor(_half(tensor.numpy(), str(node.outputs[0].name)))
            )
    elif node.op_type == "ConstantOfShape":
        node.attributes["value"] = ir.AttrTensor("value", ir.tensor(np.zeros(1, np.float16)))
    elif node.op_type == "Constant" and any(name in node.attributes for name in ("value_float", "value_floats")):
        numbers = [each.value for name, each in node.attributes.items() if name.startswith("value_float")]
        array = np.asarray(numbers[0], np.float32)
        node.attributes.clear()
        node.attributes["value"] = ir.AttrTensor("value", ir.tensor(_half(array, str(node.outputs[0].name))))


def _rounded(graph: ir.Graph, made: dict[ir.Value, ir.Value], value: ir.Value) -> ir.Value:
    """The float16 initialiser of a float32 one, made once."""
    if value not in made:
        assert value.const_value is not None
        name = f"{value.name}{_SUFFIX}"
        tensor = ir.tensor(_half(value.const_value.numpy(), str(value.name)), name=name)
        made[value] = ir.Value(name=name, const_value=tensor)
        graph.register_initializer(made[value])
    return made[value]


def _half(array: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float16]:
    rounded = to_float16(array)
    if (np.isinf(rounded) & np.isfinite(array)).any():
        raise InputError(f"'{name}' has numbers beyond float16's 65504; set export.float16_arithmetic=false")
    return rounded


def _cast_ends(graph: ir.Graph, outputs: Collection[ir.Value]) -> None:
    """Cast each float32 input behind it and each of ``outputs``, which were float32, before it."""
    for value in [each for each in graph.inputs if each.dtype == _FLOAT and not each.is_initializer()]:
        inner = ir.Value(name=f"{value.name}{_SUFFIX}", shape=value.shape, type=ir.TensorType(_HALF))
        users = list(value.uses())
        cast = ir.Node("", "Cast", [value], [ir.AttrInt64("to", int(_HALF))], outputs=[inner])
        for use in users:
            use.node.replace_input_with(use.idx, inner)
        if users:
            graph.insert_before(next(iter(graph)), cast)
    for place, value in enumerate(graph.outputs):
        if value not in outputs:
            continue
        outer = ir.Value(name=value.name, shape=value.shape, type=ir.TensorType(_FLOAT))
        value.name = f"{value.name}{_SUFFIX}"
        cast = ir.Node("", "Cast", [value], [ir.AttrInt64("to", int(_FLOAT))], outputs=[outer])
        graph.append(cast)
        graph.outputs[place] = outer
