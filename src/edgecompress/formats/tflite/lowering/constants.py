"""The part of an ONNX graph that is constant once the batch is 1: weights turned by a node, and shape arithmetic.

Exporters write ``x.view(x.size(0), -1)`` as Shape, Gather, Concat and Reshape. All but the Reshape is known before
the model runs.
"""

import numpy as np
import onnx
import onnx_ir as ir

from edgecompress.formats.tflite.graph import Array


def constant_nodes(graph: ir.Graph) -> frozenset[ir.Node]:
    """The nodes whose outputs are known: Constant, Shape of anything, and those that read only such outputs."""
    found: set[ir.Node] = set()
    for node in graph:
        if node.domain not in ("", "ai.onnx") or any(
            attribute.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
            for attribute in node.attributes.values()
        ):
            continue
        # CastLike takes from its second input the type alone, and all that is computed here is float32.
        read = [given for given in node.inputs[: 1 if node.op_type == "CastLike" else None] if given is not None]
        if node.op_type == "Shape" or all(given.is_initializer() or given.producer() in found for given in read):
            found.add(node)
    return frozenset(found)


def shape_of(node: ir.Node, shape: tuple[int, ...]) -> Array:
    """The value of a Shape node for a value of ``shape``: all of it, or from ``start`` to ``end``."""
    start, end = node.attributes.get_int("start", 0), node.attributes.get_int("end", len(shape))
    return np.array(shape[start:end], np.int64)


def computed(node: ir.Node, inputs: list[Array | None], opset: int) -> list[Array]:
    """The outputs of ``node`` for constant inputs (None: absent), by the reference implementation of ONNX."""
    from onnx.reference import ReferenceEvaluator

    names = ["" if array is None else f"input{index}" for index, array in enumerate(inputs)]
    outputs = [f"output{index}" for index in range(len(node.outputs))]
    proto = onnx.NodeProto(op_type=node.op_type, input=names, output=outputs)
    proto.attribute.extend(ir.to_proto(attribute) for attribute in node.attributes.values())
    graph = onnx.helper.make_graph(
        [proto],
        "constant",
        [onnx.helper.make_value_info(name, onnx.TypeProto()) for name in names if name],
        [onnx.helper.make_value_info(name, onnx.TypeProto()) for name in outputs],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    feeds = {name: array for name, array in zip(names, inputs, strict=True) if name}
    return [np.asarray(array) for array in ReferenceEvaluator(model).run(None, feeds)]
