"""Every operator that runs and trains, by its ONNX name."""

from edgecompress.sources.graph import dense, elementwise, recurrent, reduction, resize, shaping, windows
from edgecompress.sources.graph.node import Function

OPERATORS: dict[str, Function] = {
    **elementwise.FUNCTIONS,
    **reduction.FUNCTIONS,
    **shaping.FUNCTIONS,
    **windows.FUNCTIONS,
    **dense.FUNCTIONS,
    **resize.FUNCTIONS,
    **recurrent.FUNCTIONS,
}
