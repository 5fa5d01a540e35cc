"""A graph written so that XNNPACK's sparse kernels take it, where all of it from the entry to the exits allows that.

One decision for the whole graph. Each rewriting computes what was there before, and pays only if none is missing:

1. The first convolution, 3x3 of stride 2, and depthwise ones get a PAD of the same amount on every side. What is added
   behind the last place is never read.
2. A first convolution of one or two channels gets a 1x1 convolution in front, which makes three of them.
3. An average over a whole map by a pool becomes a MEAN.
4. A 1x1 convolution of an average that leads out of the run becomes a FULLY_CONNECTED.
5. A hard sigmoid that scales a map, which takes constants, leaves them to the convolutions before and after it.
"""

from dataclasses import dataclass, replace

import numpy as np

from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.sparse_inference import cost, padding, view
from edgecompress.formats.tflite.sparse_inference.run import SAME, VALID, find_run
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference, judge

FUSED = "fusedActivationFunction"
_NONE, _RELU6 = 0, 3
# Zeros among the weights of a run from which on XNNPACK takes it for sure: its own limit is two thirds.
LEAST_ZEROS = 0.75
# Of the estimate, which is within a tenth of what was counted.
_PAYS = 0.9


@dataclass(frozen=True)
class Enabled:
    """A graph that sparse inference takes, the verdict on it, and the weights that must stay whole for that."""

    graph: TfliteGraph
    verdict: SparseInference
    whole: frozenset[Tensor]


def enabled(graph: TfliteGraph) -> Enabled | str:
    """``graph`` rewritten for sparse inference, or why it cannot pay. ``graph`` itself is not changed."""
    draft = TfliteGraph(list(graph.inputs), list(graph.outputs), [_copy(operator) for operator in graph.operators])
    entries = [operator for operator in list(draft.operators) if _symmetric_entry(draft, operator)]
    if not entries:
        return "no 3x3 convolution of at most 3 channels, stride 2 and padding 1 begins it"
    for rewriting in (_symmetric_depthwise, _mean_for_pool, _matrix_for_head, _scale_for_hard_sigmoid):
        for operator in list(draft.operators):
            rewriting(draft, operator)
    net = view.of_graph(draft, has_densify=True)
    verdict, run = judge(net), find_run(net)
    if verdict.state != "on":
        return verdict.reason
    if (verdict.zeros or 0) < LEAST_ZEROS:
        least = f"it pays from {100 * LEAST_ZEROS:.0f} % on"
        return f"{100 * (verdict.zeros or 0):.0f} % of its 1x1 weights are zeros, {least}"
    executed = cost.ratio(draft.operators[place] for place in run.inner)
    if executed > _PAYS:
        return f"on maps as small as its own that would take {executed:.2f} of the instructions (estimated)"
    draft.make_names_unique()
    whole = {draft.operators[place].inputs[1] for place in run.inner if draft.operators[place].code == "CONV_2D"}
    return Enabled(draft, verdict, frozenset(whole))


def _copy(operator: TfliteOperator) -> TfliteOperator:
    return replace(operator, inputs=list(operator.inputs), options=dict(operator.options))


def _symmetric_entry(graph: TfliteGraph, operator: TfliteOperator) -> bool:
    """Rewriting 1 for an entry, with 2 where it needs it; whether ``operator`` is one."""
    if operator.code != "CONV_2D":
        return False
    weight, options = operator.inputs[1], operator.options
    channels = weight.shape[3]
    strides = options["strideH"], options["strideW"], options["dilationHFactor"], options["dilationWFactor"]
    if weight.shape[1:3] != (3, 3) or strides != (2, 2, 1, 1) or channels > 3 or weight.data is None:
        return False
    pad, source = padding.found(graph, operator)
    if source.shape[3] != channels or not padding.is_half(operator, pad, source, 1):
        return False
    if channels < 3:
        source = _three_channels(graph, operator, source)
    padding.on_all_sides(graph, operator, pad, source, 1)
    return True


def _three_channels(graph: TfliteGraph, operator: TfliteOperator, source: Tensor) -> Tensor:
    """Rewriting 2: a 1x1 convolution that hands ``source`` on as three channels; the entry's weight has zeros there."""
    weight = operator.inputs[1]
    assert weight.data is not None
    outputs, channels = weight.shape[0], weight.shape[3]
    wider = np.zeros((outputs, 3, 3, 3), np.float32)
    wider[..., :channels] = weight.data
    operator.inputs[1] = Tensor(weight.name, wider.shape, wider, weight.compressible)
    name = f"{operator.output.name}/channels"
    copies = np.eye(3, channels, dtype=np.float32).reshape(3, 1, 1, channels)
    given = [
        source,
        Tensor(f"{name}/weight", copies.shape, copies),
        Tensor(f"{name}/bias", (3,), np.zeros(3, np.float32)),
    ]
    made = Tensor(name, (*source.shape[:3], 3))
    options = {"padding": VALID, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, FUSED: _NONE}
    _before(graph, operator, TfliteOperator("CONV_2D", given, made, options))
    return made


def _symmetric_depthwise(graph: TfliteGraph, operator: TfliteOperator) -> None:
    """Rewriting 1 for a depthwise convolution."""
    if operator.code != "DEPTHWISE_CONV_2D":
        return
    _, height, width, _ = operator.inputs[1].shape
    strides = operator.options["strideH"], operator.options["strideW"]
    if (height, width) not in ((3, 3), (5, 5)) or strides not in ((1, 1), (2, 2)):
        return
    pad, source = padding.found(graph, operator)
    is_plain_same = pad is None and operator.options["padding"] == SAME and (height, strides) == (3, (1, 1))
    if not is_plain_same and padding.is_half(operator, pad, source, height // 2):
        padding.on_all_sides(graph, operator, pad, source, height // 2)


def _mean_for_pool(graph: TfliteGraph, operator: TfliteOperator) -> None:
    """Rewriting 3."""
    if operator.code != "AVERAGE_POOL_2D" or operator.options.get(FUSED, _NONE) != _NONE:
        return
    source = operator.inputs[0]
    window = operator.options["filterHeight"], operator.options["filterWidth"]
    if window == source.shape[1:3] and operator.output.shape[1:3] == (1, 1) and operator.options["padding"] == VALID:
        axes = Tensor(f"{operator.output.name}/axes", (2,), np.array([1, 2], np.int32))
        made = TfliteOperator("MEAN", [source, axes], operator.output, {"keepDims": True})
        graph.operators[graph.operators.index(operator)] = made


def _matrix_for_head(graph: TfliteGraph, operator: TfliteOperator) -> None:
    """Rewriting 4."""
    if operator.code != "CONV_2D" or operator.inputs[0].shape[1:3] != (1, 1) or operator.inputs[1].shape[1:3] != (1, 1):
        return
    if operator.inputs[1].shape[3] != operator.inputs[0].shape[3]:
        return
    averages = _of_averages(graph)
    if operator.inputs[0] not in averages or _meets_a_map(graph, operator.output, averages):
        return
    weight = operator.inputs[1]
    if weight.data is None:
        return
    matrix = weight.data.reshape(weight.shape[0], weight.shape[3])
    given = [operator.inputs[0], Tensor(weight.name, matrix.shape, matrix, weight.compressible), *operator.inputs[2:]]
    # To a matrix: one that keeps its rank does not load behind a run.
    made = Tensor(f"{operator.output.name}/row", (operator.output.shape[0], operator.output.shape[3]))
    options = {FUSED: operator.options[FUSED], "weightsFormat": 0, "keepNumDims": False}
    layer = TfliteOperator("FULLY_CONNECTED", given, made, options | {"asymmetricQuantizeInputs": False})
    shape = Tensor(f"{operator.output.name}/shape", (4,), np.array(operator.output.shape, np.int32))
    place = graph.operators.index(operator)
    as_it_was = TfliteOperator("RESHAPE", [made, shape], operator.output, {"newShape": list(operator.output.shape)})
    graph.operators[place : place + 1] = [layer, as_it_was]


def _of_averages(graph: TfliteGraph) -> set[Tensor]:
    """The tensors that are computed from averages over whole maps alone. All else of one place is a small map."""
    found: set[Tensor] = set()
    for operator in graph.operators:
        computed = [each for each in operator.inputs if each.data is None]
        if operator.code == "MEAN" or (computed and found.issuperset(computed)):
            found.add(operator.output)
    return found


def _meets_a_map(graph: TfliteGraph, tensor: Tensor, averages: set[Tensor]) -> bool:
    """Return whether what is computed from ``tensor`` scales or shifts a map, as squeeze-excite does."""
    # Each tensor once: residual layers double the ways to it with every layer.
    seen, left = {tensor}, [tensor]
    while left:
        for reader in _readers(graph, left.pop()):
            if reader.output in averages and reader.output not in seen:
                seen.add(reader.output)
                left.append(reader.output)
            elif reader.output not in averages and reader.code in ("MUL", "ADD"):
                return True
    return False


def _scale_for_hard_sigmoid(graph: TfliteGraph, operator: TfliteOperator) -> None:
    """Rewriting 5: of m * (relu6(x + 3) / 6), with x of one convolution, the 3 into its bias and the 1 / 6 after it.

    The sixth is taken by the weights of the convolution that reads the product.
    """
    sixth = _scalar(operator) if operator.code == "MUL" else None
    shifted = _maker(graph, operator.inputs[0])
    if sixth is None or shifted is None or shifted.code != "ADD" or shifted.options.get(FUSED) != _RELU6:
        return
    offset, layer = _scalar(shifted), _maker(graph, shifted.inputs[0])
    product = _only_reader(graph, operator.output)
    following = None if product is None else _only_reader(graph, product.output)
    if offset is None or layer is None or product is None or following is None:
        return
    is_chain = all(_only_reader(graph, each.output) for each in (layer, shifted))
    plain = layer.code == following.code == "CONV_2D" and product.code == "MUL" and product.options[FUSED] == _NONE
    once = sum(each is operator.output for each in product.inputs) == 1  # a square would take the sixth twice
    if not is_chain or not plain or not once or layer.options[FUSED] != _NONE:
        return
    bias, weight = layer.inputs[2], following.inputs[1]
    if bias.data is None or weight.data is None:
        return
    layer.inputs[2] = Tensor(bias.name, bias.shape, bias.data + offset)
    layer.options[FUSED] = _RELU6
    product.inputs = [layer.output if each is operator.output else each for each in product.inputs]
    following.inputs[1] = Tensor(weight.name, weight.shape, weight.data * sixth, weight.compressible)
    graph.operators.remove(shifted)
    graph.operators.remove(operator)


def _scalar(operator: TfliteOperator) -> np.float32 | None:
    """The one number that an ADD or a MUL takes beside a map."""
    constant = operator.inputs[1].data if len(operator.inputs) > 1 else None
    if constant is None or constant.size != 1 or constant.dtype != np.float32:
        return None
    return np.float32(constant.reshape(-1)[0])


def _maker(graph: TfliteGraph, tensor: Tensor) -> TfliteOperator | None:
    return next((operator for operator in graph.operators if operator.output is tensor), None)


def _only_reader(graph: TfliteGraph, tensor: Tensor) -> TfliteOperator | None:
    """The one operator that reads a tensor; None where there are others, or it is an output."""
    readers = _readers(graph, tensor)
    return readers[0] if len(readers) == 1 and not any(tensor is output for output in graph.outputs) else None


def _readers(graph: TfliteGraph, tensor: Tensor) -> list[TfliteOperator]:
    return [operator for operator in graph.operators if any(tensor is given for given in operator.inputs)]


def _before(graph: TfliteGraph, operator: TfliteOperator, added: TfliteOperator) -> None:
    graph.operators.insert(graph.operators.index(operator), added)
