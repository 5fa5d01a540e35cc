"""What every format asks of a graph."""

import numpy as np
import onnx_ir as ir

from edgecompress.formats.contract import Array


def initializers(graph: ir.Model, *types: type[np.generic]) -> dict[str, Array]:
    """The initialisers of these types, by name."""
    values = graph.graph.initializers.items()
    arrays = {name: value.const_value.numpy() for name, value in values if value.const_value}
    return {name: array for name, array in arrays.items() if array.dtype in types}
