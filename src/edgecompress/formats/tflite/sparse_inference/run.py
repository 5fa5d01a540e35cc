"""The runs of a graph: what XNNPACK's sparse inference would compute channels first, judged by the operators alone.

The conditions were found by asking ai-edge-litert 1.1.2 to 2.3.0 on emulated processors, and agree with the published
sources of XNNPACK (``src/subgraph.c``, August 2026).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgecompress.formats.tflite.sparse_inference.view import Net, OperatorNode

SAME, VALID = 0, 1  # Padding of the schema
# Functions of each element that were seen to stay in a run.
_UNARY = frozenset({"HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "RELU", "RELU6", "RELU_N1_TO_1"})
_ACTIVATIONS = range(4)  # NONE, RELU, RELU_N1_TO_1, RELU6: with others XNNPACK leaves the operator to other kernels
# What was never seen in a run, and is in no version of the sources.
_NEVER = frozenset({"AVERAGE_POOL_2D", "CONCATENATION", "MAX_POOL_2D", "RESHAPE", "SPLIT", "TRANSPOSE"})
# What can end a run; without any of them in the graph there is none.
EXITS = frozenset({"MEAN", "SUM", "DEPTH_TO_SPACE"})


@dataclass(frozen=True)
class OperatorRun:
    """The run that sparse inference would compute channels first: nodes by their places, the entries among them."""

    entries: frozenset[int]
    inner: frozenset[int]
    exits: frozenset[int]
    broken: str  # by what, empty where it is whole


def find_run(net: Net) -> OperatorRun:
    """All runs of a graph together: what is reached from entries through operators that can compute channels first."""
    entries = {place for place, node in enumerate(net.nodes) if is_entry(net, node)}
    inner: set[int] = set()
    exits: set[int] = set()
    carried = {tensor for place in entries for tensor in net.nodes[place].outputs}
    grown = True
    while grown:
        grown = False
        for place, node in enumerate(net.nodes):
            if place in inner or place in exits or place in entries or not _fits(net, node, carried):
                continue
            if _is_exit(net, node):
                exits.add(place)
            else:
                inner.add(place)
                carried.update(node.outputs)
            grown = True
    # An entry whose readers can in no release be of a run is computed as it always was.
    used = {place for place in entries if any(not _never_fits(net, net.nodes[r]) for r in _readers(net, place))}
    broken = next(_breaks(net, used | inner, inner | exits), "")
    return OperatorRun(frozenset(used), frozenset(inner), frozenset(exits), broken)


def is_entry(net: Net, node: OperatorNode) -> bool:
    """Return whether a node is the convolution that begins a run."""
    return (
        _is_plain_convolution(net, node)
        and net.shapes[node.inputs[1]][1:] == (3, 3, 3)
        and _strides(node) == (2, 2)
        and _padding(net, node) == ((1, 1), (1, 1))
    )


def _breaks(net: Net, carrying: set[int], reading: set[int]) -> Iterator[str]:
    """The readers of a value of a run that are not of it, in words."""
    for place in sorted(carrying):
        for tensor in net.nodes[place].outputs:
            name = net.names.get(tensor, "")
            if tensor in net.ends:
                yield f"'{name}' is computed in the middle of a run of sparse kernels, and an output too"
            for reader in net.readers.get(tensor, ()):
                if reader not in reading:
                    code = net.nodes[reader].code
                    yield f"{code} reads '{name}', in the middle of a run of sparse kernels that cannot compute {code}"


def _readers(net: Net, place: int) -> list[int]:
    return [reader for tensor in net.nodes[place].outputs for reader in net.readers.get(tensor, ())]


def _fits(net: Net, node: OperatorNode, carried: set[int]) -> bool:
    """Return whether a node can compute channels first, and all that it reads is of the run."""
    given = net.computed(node)
    if not given or any(tensor not in carried for tensor in given) or not _all_floats(net, node):
        return False
    if node.code == "PAD":
        return _is_padding_of_run(net, node)
    checks = {
        "ADD": _is_elementwise, "MUL": _is_elementwise,
        "CONV_2D": _is_pointwise, "DEPTHWISE_CONV_2D": _is_depthwise,
        "FULLY_CONNECTED": _reads_one_place, "MEAN": _is_mean, "DEPTH_TO_SPACE": _is_image,
        "RESIZE_BILINEAR": _is_resize,
    }  # fmt: skip
    if node.code in _UNARY:
        return _is_image(net, node)
    return node.code in checks and checks[node.code](net, node)


def _never_fits(net: Net, node: OperatorNode) -> bool:
    """Return whether no release of XNNPACK has a channels-first form of a node."""
    if node.code == "CONV_2D":
        return net.shapes[node.inputs[1]][1:3] != (1, 1) and not is_entry(net, node)
    return node.code in _NEVER


def _is_exit(net: Net, node: OperatorNode) -> bool:
    """Return whether a node of the run ends it: what it makes lies in memory as it would without the run."""
    if node.code in ("DEPTH_TO_SPACE", "FULLY_CONNECTED"):
        return True
    if node.code != "MEAN":
        return False
    if not node.options.get("keepDims"):
        return True
    made = set(node.outputs)
    return not any(_can_carry(net, net.nodes[reader]) for tensor in made for reader in net.readers.get(tensor, ()))


def _can_carry(net: Net, node: OperatorNode) -> bool:
    """Return whether XNNPACK would let a node that reads an average go on with the run."""
    if node.code == "FULLY_CONNECTED":
        return bool(node.options.get("keepNumDims"))
    return node.code not in ("RESHAPE", "SQUEEZE", "SOFTMAX") and len(net.shapes[node.outputs[0]]) == 4


def _all_floats(net: Net, node: OperatorNode) -> bool:
    return all(
        tensor in net.floats for tensor in (*node.inputs, *node.outputs) if tensor >= 0 and tensor not in net.integers
    )


def _is_plain_convolution(net: Net, node: OperatorNode) -> bool:
    """A CONV_2D without groups and dilation, of constant weights, that XNNPACK runs."""
    if node.code != "CONV_2D" or not _is_layer(net, node):
        return False
    weight, given = net.shapes[node.inputs[1]], net.shapes[node.inputs[0]]
    return len(given) == 4 and len(weight) == 4 and weight[3] == given[3]


def _is_pointwise(net: Net, node: OperatorNode) -> bool:
    return _is_plain_convolution(net, node) and net.shapes[node.inputs[1]][1:3] == (1, 1) and _strides(node) == (1, 1)


def _is_depthwise(net: Net, node: OperatorNode) -> bool:
    """A 3x3 or 5x5 DEPTHWISE_CONV_2D of one filter a channel, padded by half of it on every side."""
    if not _is_layer(net, node) or node.options.get("depthMultiplier") != 1:
        return False
    _, height, width, channels = net.shapes[node.inputs[1]]
    stride = _strides(node)
    if (height, width) not in ((3, 3), (5, 5)) or stride not in ((1, 1), (2, 2)):
        return False
    half = (height // 2, height // 2)
    around = _padding(net, node)
    same = node.options.get("padding") == SAME and stride == (1, 1) and height == 3 and around == ((0, 0), (0, 0))
    return channels == net.shapes[node.inputs[0]][3] and (same or around == (half, half))


def _is_layer(net: Net, node: OperatorNode) -> bool:
    """Constant weights and bias, no dilation, an activation that XNNPACK has; a free batch is one."""
    options = node.options
    return (
        all(tensor < 0 or tensor in net.constants for tensor in node.inputs[1:])
        and node.inputs[1] in net.zeros
        and options.get("dilationHFactor", 1) == 1
        and options.get("dilationWFactor", 1) == 1
        and options.get("fusedActivationFunction", 0) in _ACTIVATIONS
    )


def _padding(net: Net, node: OperatorNode) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Places of zeros before and after the axes H and W that XNNPACK gives a layer; None where it is SAME's own.

    That is the PAD before it, if the layer itself has no padding. SAME without a PAD is ((0, 0), (0, 0)) here.
    """
    place = net.makers.get(node.inputs[0])
    before = None if place is None else _amounts(net, net.nodes[place])
    if before is None:
        return ((0, 0), (0, 0))
    return before if node.options.get("padding") == VALID else None


def _amounts(net: Net, node: OperatorNode) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The amounts that a PAD or a PADV2 adds before and after H and W; ``None`` for another node or other axes."""
    if node.code not in ("PAD", "PADV2") or node.inputs[1] not in net.integers:
        return None
    amounts = np.asarray(net.integers[node.inputs[1]]).reshape(-1, 2)
    if len(amounts) != 4 or amounts[0].any() or amounts[3].any():
        return None
    (top, bottom), (left, right) = amounts[1:3].tolist()
    return (top, bottom), (left, right)


def _is_padding_of_run(net: Net, node: OperatorNode) -> bool:
    """Return whether a PAD becomes padding of the one depthwise convolution that reads it."""
    readers = net.readers.get(node.outputs[0], ())
    if len(readers) != 1 or _amounts(net, node) is None or node.outputs[0] in net.ends:
        return False
    reader = net.nodes[readers[0]]
    return reader.code == "DEPTHWISE_CONV_2D" and _is_depthwise(net, reader)


def _is_elementwise(net: Net, node: OperatorNode) -> bool:
    """ADD or MUL of two maps of one shape, or of a map and one number for each channel, both computed."""
    if len(net.computed(node)) != 2 or node.options.get("fusedActivationFunction", 0) not in _ACTIVATIONS:
        return False
    first, second = (net.shapes[tensor] for tensor in node.inputs)
    if len(first) != 4 or len(second) != 4 or first[3] != second[3]:
        return False
    return first == second or (1, 1) in (first[1:3], second[1:3])


def _is_mean(net: Net, node: OperatorNode) -> bool:
    """The MEAN over the axes H and W of a map."""
    axes = net.integers.get(node.inputs[1])
    is_both = axes is not None and sorted(int(axis) % 4 for axis in np.asarray(axes).reshape(-1)) == [1, 2]
    return is_both and _is_image(net, node)


def _reads_one_place(net: Net, node: OperatorNode) -> bool:
    """A FULLY_CONNECTED, to a matrix, of what is one place high and wide: that lies in memory alike in either order."""
    given = net.shapes[node.inputs[0]]
    return not node.options.get("keepNumDims") and _is_layer(net, node) and len(given) == 4 and given[1:3] == (1, 1)


def _is_image(net: Net, node: OperatorNode) -> bool:
    return len(net.shapes[node.inputs[0]]) == 4


def _is_resize(net: Net, node: OperatorNode) -> bool:
    given = net.shapes[node.inputs[0]]
    return len(given) == 4 and min(given[1:3]) > 1


def _strides(node: OperatorNode) -> tuple[int, int]:
    return int(node.options.get("strideH", 1)), int(node.options.get("strideW", 1))
