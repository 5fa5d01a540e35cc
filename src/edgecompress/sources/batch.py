"""The batch of an ONNX graph: free where samples do not mix, or one sample at a time where it is fixed inside.

An exporter that was given one sample writes that one into the graph: as the first axis of the inputs, into Reshape, and
into what it has computed beforehand. Three ways, the first that works:

Case 1: the first axis of every input is the batch, and is free. A Reshape to a shape that begins with the fixed batch
is given one that begins with what is left. That the graph runs on several samples and says of each what it says of it
alone is tried before anything else is done, and in onnxruntime too where the file fixed the batch.

Case 2: the graph stays as it is and is given one sample after the other, in training too.

Case 3: as case 2, where an input or output has no batch as its first axis, as the state of a recurrent network: such an
array belongs to one sample as a whole.
"""

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
import torch

from edgecompress.errors import CheckError, InputError
from edgecompress.formats.onnx.run import of_graph
from edgecompress.manifest import End
from edgecompress.sources.alone import near, noise, one_by_one, outputs
from edgecompress.sources.graph.module import GraphModule, written
from edgecompress.sources.signature import Signature, outputs_of

_BATCH = "batch"
_SAMPLES = 3
_MIXED = "its batch size is fixed inside the graph; export it with a free batch"


@dataclass(frozen=True)
class Settled:
    """A graph that can be run.

    Attributes:
        module: takes samples in any number.
        signature: its inputs and outputs.
        why_not_run: why PyTorch does not run it here; None: it does.
        one_by_one: whether the file's batch stays as it is.
    """

    module: GraphModule
    signature: Signature
    why_not_run: str | None
    one_by_one: bool


def settle(model: ir.Model, given: tuple[End, ...]) -> Settled:
    """The network of ``model``, which is not changed.

    Args:
        model: as it was read.
        given: its inputs' shapes, where the file leaves more than the batch free.

    Raises:
        InputError: its inputs are not arrays of samples.
    """
    single = _single(model)
    inputs = _inputs(single, given)
    free = _freed(model)
    if free is not None:
        inputs = _inputs(free, given)
        module = GraphModule(free)
        why = _wrong(module, inputs, model, _fixed_batch(model))
        if why is None:
            shapes = outputs_of(module, inputs)[1] if not module.unknown else None
            return Settled(module, Signature(inputs, _outputs(free, shapes)), _unknown(module), one_by_one=False)
    inputs = _inputs(single, given)
    whole = frozenset(str(value.name) for value in single.graph.inputs if value.shape and value.shape[0] != 1)
    inputs = tuple(
        end.model_copy(update={"shape": [_first(value), *end.shape]}) if end.name in whole else end
        for end, value in zip(inputs, single.graph.inputs, strict=True)
    )
    module = GraphModule(single, whole=whole)
    why, shapes = _unknown(module), None
    if why is None:
        try:
            shapes = outputs_of(module, inputs)[1]
        except InputError as error:
            why = str(error)
    return Settled(module, Signature(inputs, _outputs(single, shapes), module.whole), why, one_by_one=True)


def _unknown(module: GraphModule) -> str | None:
    return f"{', '.join(module.unknown)} cannot be run in PyTorch here" if module.unknown else None


def _first(value: ir.Value) -> int:
    assert value.shape is not None
    size = value.shape[0]
    assert isinstance(size, int)
    return size


def _fixed_batch(model: ir.Model) -> int | None:
    """The number that is the first axis of every input; None: it is free, or they differ."""
    sizes = {value.shape[0] if value.shape else None for value in model.graph.inputs}
    size = next(iter(sizes)) if len(sizes) == 1 else None
    return size if isinstance(size, int) else None


def _freed(model: ir.Model) -> ir.Model | None:
    """Case 1: ``model`` with a free batch, whether that works or not; None: its inputs do not share a first axis."""
    sizes = {value.shape[0] if value.shape else None for value in model.graph.inputs}
    if len(sizes) != 1 or _batch_elsewhere(model):
        return None
    fixed, freed = _fixed_batch(model), model.clone()
    for value in freed.graph.inputs:
        if value.shape is not None and len(value.shape):
            value.shape = ir.Shape([_BATCH, *list(value.shape)[1:]])
    computed = {id(value) for value in freed.graph.inputs}
    for node in freed.graph:
        if any(id(value) in computed for value in node.inputs if value is not None):
            computed |= {id(value) for value in node.outputs}
            if fixed is not None:  # what is made of weights alone has no batch
                _free_reshape(freed, node, fixed)
    for value in freed.graph.outputs:
        if value.shape is not None and len(value.shape) and value.shape[0] == fixed:
            value.shape = ir.Shape([_BATCH, *list(value.shape)[1:]])
    return freed


def _batch_elsewhere(model: ir.Model) -> bool:
    """Return whether a free size that is the first axis of one input is another axis of one."""
    values = [value for value in model.graph.inputs if value.shape is not None and len(value.shape)]
    first = {str(value.shape[0]) for value in values if value.shape and not isinstance(value.shape[0], int)}
    return any(str(size) in first for value in values for size in list(value.shape or [])[1:])


def _free_reshape(model: ir.Model, node: ir.Node, fixed: int) -> None:
    """Let a Reshape whose shape begins with the fixed batch make as many rows as there are."""
    target = node.inputs[1] if node.op_type == "Reshape" else None
    constant = ir.convenience.get_const_tensor(target) if target is not None else None
    if constant is None:
        return
    shape = constant.numpy().copy()
    if len(shape) < 2 or shape[0] != fixed or (node.attributes.get_int("allowzero", 0) == 1 and not shape.all()):
        return
    # What is left over, or where another axis is that already, as many as the tensor has.
    shape[0] = 0 if (shape[1:] == -1).any() else -1
    node.attributes.pop("allowzero", None)
    name = f"{node.outputs[0].name} shape"
    value = ir.Value(name=name, const_value=ir.Tensor(shape, name=name))
    value.type, value.shape = ir.TensorType(ir.DataType.INT64), ir.Shape(shape.shape)
    model.graph.register_initializer(value)
    node.replace_input_with(1, value)


def _single(model: ir.Model) -> ir.Model:
    """Cases 2 and 3: a copy of ``model`` whose batch is one wherever it is free."""
    single = model.clone()
    free = {str(v.shape[0]) for v in single.graph.inputs if v.shape and not isinstance(v.shape[0], int)}
    for value in [*single.graph.inputs, *single.graph.outputs]:
        if value.shape is not None:
            value.shape = ir.Shape([1 if str(size) in free else size for size in value.shape])
    return single


def _wrong(module: GraphModule, inputs: tuple[End, ...], model: ir.Model, fixed: int | None) -> str | None:
    """The reason why a graph cannot be given several samples at once; ``None``: it can.

    Args:
        module: the graph with a free batch.
        inputs: its inputs.
        model: the graph as it was given.
        fixed: the batch that it was given with. Then onnxruntime must say the same of both.
    """
    count = _SAMPLES if fixed is None else fixed * (2 if fixed > 1 else _SAMPLES)
    given = noise(inputs, count)
    arrays = {end.name: tensor.numpy().astype(end.dtype) for end, tensor in zip(inputs, given, strict=True)}
    if module.unknown:
        try:
            graph = written(module)
            alone = _joined([_of_runtime(graph, arrays, slice(number, number + 1)) for number in range(count)])
        except CheckError as error:
            # Not even one: nothing is known of several. A batch that the file fixed then stays as it is.
            return None if fixed is None else str(error)
    try:
        same = True
        if not module.unknown:
            outputs_of(module, inputs)
            alone = one_by_one(module, given)
            same = near(outputs(module, given), alone)
        if same and (module.unknown or fixed is not None):
            same = near(_of_runtime(written(module), arrays, slice(None)), alone)
        if same and fixed is not None:
            same = near(_of_runtime(model, arrays, slice(None)), alone)
    except (InputError, CheckError, RuntimeError) as error:
        return str(error)
    return None if same else _MIXED


def _of_runtime(graph: ir.Model, arrays: dict[str, np.ndarray], rows: slice) -> list[torch.Tensor]:
    """The outputs of onnxruntime for some rows."""
    found = of_graph(graph, {name: array[rows] for name, array in arrays.items()})
    return [torch.from_numpy(found[str(value.name)]) for value in graph.graph.outputs]


def _joined(parts: list[list[torch.Tensor]]) -> list[torch.Tensor]:
    return [torch.cat(each) for each in zip(*parts, strict=True)]


def _inputs(model: ir.Model, given: tuple[End, ...]) -> tuple[End, ...]:
    """The inputs, each without its first axis, the batch."""
    values = list(model.graph.inputs)
    if given and len(given) != len(values):
        raise InputError(f"inputs.shapes has {len(given)} shapes, the model has {len(values)} inputs")
    found = []
    for number, value in enumerate(values):
        name, kind = str(value.name), value.dtype
        dtype = kind.numpy().name if kind is not None else "float32"
        if dtype not in ("float16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"):
            raise InputError(f"the model's input '{name}' is {kind}; only floats, whole numbers and bool are possible")
        if value.shape is None or not len(value.shape):
            raise InputError(f"the model's input '{name}' has no batch axis; export it with one, as its first")
        sizes = list(value.shape)[1:]
        if given:
            shape = given[number].shape
            if len(shape) != len(sizes) or any(
                isinstance(a, int) and a != b for a, b in zip(sizes, shape, strict=True)
            ):
                raise InputError(f"inputs.shapes: the model's input '{name}' has shape {list(value.shape)}")
        elif all(isinstance(size, int) and size > 0 for size in sizes):
            shape = [int(size) for size in sizes]  # type: ignore[arg-type]
        else:
            raise InputError(
                f"the model's input '{name}' has free sizes {[str(size) for size in value.shape]}; say which with "
                "--set 'inputs.shapes=[\"3x224x224\"]'"
            )
        value.shape = ir.Shape([value.shape[0], *shape])
        found.append(End(name=name, shape=list(shape), dtype=dtype))
    return tuple(found)


def _outputs(model: ir.Model, shapes: list[tuple[int, ...]] | None) -> tuple[End, ...]:
    """The outputs, as a run has shown them; without one nothing is known of their shapes."""
    found = []
    for value, shape in zip(model.graph.outputs, shapes or [()] * len(model.graph.outputs), strict=True):
        dtype = value.dtype.numpy().name if value.dtype is not None else "float32"
        found.append(End(name=str(value.name), shape=list(shape), dtype=dtype))
    return tuple(found)
