"""Bounds on the size of the values of a graph of constants, known before any of it is computed."""

from math import prod

import numpy as np
import onnx

_LOOKED_AT = 1024
"""Elements up to which a constant may be a shape, so that its values say how large others are."""


def largest(model: onnx.ModelProto) -> int:
    """Bytes of the largest value that a node makes, or of all outputs together: as far as shapes can be inferred."""
    graph = onnx.GraphProto(name="shapes")
    for tensor in model.graph.initializer:
        if prod(tensor.dims) <= _LOOKED_AT:
            graph.initializer.append(tensor)
        else:
            graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    for sparse in model.graph.sparse_initializer:
        kind = sparse.values.data_type
        graph.input.append(onnx.helper.make_tensor_value_info(sparse.values.name, kind, sparse.dims))
    graph.node.extend(model.graph.node)
    graph.output.extend(model.graph.output)
    light = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, graph=graph)
    try:
        inferred = onnx.shape_inference.infer_shapes(light, data_prop=True).graph
    except Exception:  # what cannot be inferred may still be computed; if not, the runtime says why
        return 0
    made = {name for node in graph.node for name in node.output}
    sizes = {value.name: _bytes(value) for value in (*inferred.value_info, *inferred.output) if value.name in made}
    together = sum(sizes.get(value.name, 0) for value in inferred.output)
    return max([together, *sizes.values()], default=0)


def _bytes(value: onnx.ValueInfoProto) -> int:
    """0 where the shape is not known."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape") or any(not size.HasField("dim_value") for size in tensor.shape.dim):
        return 0
    try:
        width = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).itemsize
    except KeyError:
        return 0
    return int(width * prod(size.dim_value for size in tensor.shape.dim))
