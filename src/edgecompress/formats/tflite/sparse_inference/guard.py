"""The guard: an entry of sparse inference written so that it begins no run, and computes the same.

XNNPACK begins a run only at a convolution padded by 1 on all four sides. Its stride is 2, so over an even number of
places the padding behind the last one is never read, and goes; over an odd number both sides are what TFLite calls
SAME, and the padding becomes the convolution's own. (A PADV2 over an odd map stays: it may pad with other numbers.)
"""

from dataclasses import replace
from typing import Any

import numpy as np

from edgecompress.formats.tflite import tables
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph
from edgecompress.formats.tflite.model_file import operator_name
from edgecompress.formats.tflite.sparse_inference import view
from edgecompress.formats.tflite.sparse_inference.run import SAME, is_entry


def trimmed(height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Padding that a 3x3 window of stride 2 reads around a map that is padded by 1; ``None``: as SAME has it."""
    if height % 2 and width % 2:
        return None
    return (1, height % 2), (1, width % 2)


def guard_graph(graph: TfliteGraph) -> int:
    """Change every entry of ``graph`` so that it begins no run; how many there were."""
    net = view.of_graph(graph, has_densify=True)
    entries = [graph.operators[place] for place, node in enumerate(net.nodes) if is_entry(net, node)]
    for convolution in entries:
        pad = next(each for each in graph.operators if each.output is convolution.inputs[0])
        source = pad.inputs[0]
        amounts = trimmed(*source.shape[1:3])
        if amounts is None and pad.code != "PAD":
            continue
        if amounts is None:
            convolution.inputs[0], convolution.options["padding"] = source, SAME
        else:
            table = np.array([(0, 0), *amounts, (0, 0)], np.int32)
            shape = tuple(int(size + sum(more)) for size, more in zip(source.shape, table, strict=True))
            padded = Tensor(f"{convolution.output.name}/padded", shape)
            given = [source, Tensor(f"{padded.name}/amounts", table.shape, table), *pad.inputs[2:]]
            graph.operators.insert(graph.operators.index(convolution), replace(pad, inputs=given, output=padded))
            convolution.inputs[0] = padded
        if not any(pad.output in each.inputs for each in graph.operators) and pad.output not in graph.outputs:
            graph.operators.remove(pad)
    return len(entries)


def guard_model(model: Any) -> int:
    """Change every entry of a file's ``ModelT`` so that it begins no run; how many there were.

    Raises:
        LookupError, TypeError, AttributeError, ValueError: the tables do not fit each other.
    """
    return sum(_guard_subgraph(model, number) for number in range(len(model.subgraphs or [])))


def _guard_subgraph(model: Any, number: int) -> int:
    graph, net = model.subgraphs[number], view.of_model(model, number)
    outputs = {net.nodes[place].outputs[0] for place, node in enumerate(net.nodes) if is_entry(net, node)}
    for convolution in [each for each in graph.operators if int(each.outputs[0]) in outputs]:
        given = int(convolution.inputs[0])
        pad = next(each for each in graph.operators if given in _numbers(each.outputs))
        source = graph.tensors[int(pad.inputs[0])]
        amounts = trimmed(*(int(size) for size in source.shape[1:3]))
        if amounts is None and operator_name(model, pad) != "PAD":
            continue
        if amounts is None:
            convolution.inputs = [int(pad.inputs[0]), *_numbers(convolution.inputs)[1:]]
            convolution.builtinOptions.padding = SAME
        else:
            made = _padded(model, graph, pad, given, amounts)
            convolution.inputs = [made, *_numbers(convolution.inputs)[1:]]
            place = graph.operators.index(convolution)
            graph.operators.insert(place, _again(pad, [int(pad.inputs[0]), made + 1, *_numbers(pad.inputs)[2:]], made))
        read = {tensor for each in graph.operators for tensor in _numbers(each.inputs)}
        if given not in read and given not in _numbers(graph.outputs):
            graph.operators.remove(pad)
    return len(outputs)


def _padded(model: Any, graph: Any, pad: Any, given: int, amounts: tuple[tuple[int, int], ...]) -> int:
    """Add the tensor that a trimmed PAD makes, and after it the one of its amounts; the number of the first."""
    old, source = graph.tensors[given], graph.tensors[int(pad.inputs[0])]
    table = np.array([(0, 0), *amounts, (0, 0)], np.int32)
    shape = [int(size) + sum(more) for size, more in zip(source.shape, table.tolist(), strict=True)]
    free = None if old.shapeSignature is None else [int(old.shapeSignature[0]), *shape[1:]]
    tensor, buffer = type(old), type(model.buffers[0])
    model.buffers.append(buffer(data=table.reshape(-1).view(np.uint8)))
    name = old.name.decode() if isinstance(old.name, bytes) else old.name or ""
    made = tensor(
        shape=shape, shapeSignature=free, type=old.type, name=f"{name}/trimmed", quantization=old.quantization
    )
    kind, last = tables.tensor_type(table.dtype), len(model.buffers) - 1
    graph.tensors += [made, tensor(shape=list(table.shape), type=kind, buffer=last, name=f"{name}/trimmed/amounts")]
    return len(graph.tensors) - 2


def _again(pad: Any, inputs: list[int], output: int) -> Any:
    """The operator ``pad`` with other tensors."""
    return type(pad)(
        opcodeIndex=pad.opcodeIndex,
        inputs=inputs,
        outputs=[output],
        builtinOptionsType=pad.builtinOptionsType,
        builtinOptions=pad.builtinOptions,
    )


def _numbers(vector: Any) -> list[int]:
    return [] if vector is None else [int(number) for number in np.asarray(vector)]
