"""The zeros that a convolution of a finished graph reads around its map: in a PAD before it, or as SAME."""

import numpy as np

from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.sparse_inference.run import SAME, VALID


def found(graph: TfliteGraph, operator: TfliteOperator) -> tuple[TfliteOperator | None, Tensor]:
    """The PAD before a layer, where the layer has no padding of its own, and what lies before that."""
    source = operator.inputs[0]
    made = next((each for each in graph.operators if each.output is source), None)
    if made is None or made.code != "PAD" or operator.options["padding"] != VALID:
        return None, source
    amounts = made.inputs[1].data
    if amounts is None or np.asarray(amounts).shape != (4, 2) or np.asarray(amounts)[[0, 3]].any():
        return None, source
    return made, made.inputs[0]


def is_half(operator: TfliteOperator, pad: TfliteOperator | None, source: Tensor, half: int) -> bool:
    """Return whether a layer reads ``source`` as one that is padded by ``half`` on every side does."""
    kernel, stride = 2 * half + 1, operator.options["strideH"]
    for axis in (1, 2):
        size, out = source.shape[axis], operator.output.shape[axis]
        if out != (size - 1) // stride + 1:
            return False
        if pad is not None:
            assert pad.inputs[1].data is not None
            before = int(pad.inputs[1].data[axis][0])
        elif operator.options["padding"] == SAME:
            before = max(0, (out - 1) * stride + kernel - size) // 2
        else:
            before = 0
        if before != half:
            return False
    return True


def on_all_sides(
    graph: TfliteGraph, operator: TfliteOperator, pad: TfliteOperator | None, source: Tensor, amount: int
) -> None:
    """Put a PAD of ``amount`` on every side of ``source`` before ``operator``, which then has no padding of its own."""
    table = np.array([(0, 0), (amount, amount), (amount, amount), (0, 0)], np.int32)
    batch, height, width, channels = source.shape
    name = f"{operator.output.name}/padded"
    padded = Tensor(name, (batch, height + 2 * amount, width + 2 * amount, channels))
    added = TfliteOperator("PAD", [source, Tensor(f"{name}/amounts", (4, 2), table)], padded)
    graph.operators.insert(graph.operators.index(operator), added)
    operator.inputs[0], operator.options["padding"] = padded, VALID
    if pad is not None:
        drop_unread(graph, pad)


def drop_unread(graph: TfliteGraph, pad: TfliteOperator) -> None:
    """Take a PAD away that nothing reads any more."""
    read = any(pad.output is given for operator in graph.operators for given in operator.inputs)
    if not read and not any(pad.output is output for output in graph.outputs):
        graph.operators.remove(pad)
