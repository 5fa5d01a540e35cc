"""Every operator that runs and trains, by its ONNX name."""

from edgecompress.own.graph import dense, elementwise, recurrent, reduction, resize, shaping, windows
from edgecompress.own.graph.node import Function

OPERATORS: dict[str, Function] = {
    **elementwise.FUNCTIONS,
    **reduction.FUNCTIONS,
    **shaping.FUNCTIONS,
    **windows.FUNCTIONS,
    **dense.FUNCTIONS,
    **resize.FUNCTIONS,
    **recurrent.FUNCTIONS,
}
