"""Wide layers as narrower ones side by side, so that the places of nonzeros in their weights take one byte each.

A sparse weight of more than 256 outputs and more than 256 inputs needs two bytes to say where in its row a nonzero is.
Cut into parts of at most 256 outputs it needs one. Each output is computed as before, so the bits stay; runtimes take
no longer for the parts and the CONCATENATION that joins them.
"""

from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator

# What an index of one byte tells apart.
WIDTH = 256
# What a part adds to a file beside its weight: an operator, the tensors of its bias and of its outputs. Measured.
PART_BYTES = 350
# XNNPACK joins at most so many tensors at once.
_MOST_PARTS = 4
_FUSED = "fusedActivationFunction"


def parts(graph: TfliteGraph, weight: Tensor) -> list[TfliteOperator]:
    """The narrower layers that together compute what the one layer that reads ``weight`` does; none if it has no such.

    That layer is a CONV_2D without groups, weights (O, H, W, I), or a FULLY_CONNECTED, weights (O, I), of more than
    256 and at most 1024 outputs O. The graph is not changed.
    """
    readers = [operator for operator in graph.operators if weight in operator.inputs]
    outputs = weight.shape[0]
    if len(readers) != 1 or weight.data is None or not WIDTH < outputs <= WIDTH * _MOST_PARTS:
        return []
    layer = readers[0]
    whole = layer.code == "FULLY_CONNECTED" or (layer.code == "CONV_2D" and weight.shape[3] == layer.inputs[0].shape[3])
    if not whole:
        return []
    source, _, bias = layer.inputs
    assert bias.data is not None
    found = []
    for start in range(0, outputs, WIDTH):
        stop = min(start + WIDTH, outputs)
        place = f"[{start}:{stop}]"
        some = Tensor(weight.name + place, (stop - start, *weight.shape[1:]), weight.data[start:stop], True)
        added = Tensor(bias.name + place, (stop - start,), bias.data[start:stop])
        made = Tensor(layer.output.name + place, (*layer.output.shape[:-1], stop - start))
        found.append(TfliteOperator(layer.code, [source, some, added], made, dict(layer.options), layer.version))
    return found


def replace(graph: TfliteGraph, weight: Tensor, narrower: list[TfliteOperator]) -> None:
    """Put the layers that ``parts`` made, and what joins them, in the place of the one that reads ``weight``."""
    place = next(place for place, operator in enumerate(graph.operators) if weight in operator.inputs)
    output = graph.operators[place].output
    options = {"axis": len(output.shape) - 1, _FUSED: 0}
    join = TfliteOperator("CONCATENATION", [part.output for part in narrower], output, options)
    graph.operators[place : place + 1] = [*narrower, join]
