"""A network in an ONNX file: its graph as a module whose parameters are the file's weights."""

from pathlib import Path

import numpy as np
import onnx_ir as ir
import torch
from onnx_ir.passes import common

from edgecompress.bundle import End, digest
from edgecompress.errors import InputError
from edgecompress.export.onnx_graph.builder import LABEL
from edgecompress.export.onnx_graph.read import check_finite, converted, read_lean, to_ir
from edgecompress.own.ends import Ends, outputs_of
from edgecompress.own.graph.module import Graph, written
from edgecompress.own.model import Model, architecture, short_name

_LIFTED = 16
_BATCH = "batch"
_QUANTISED = {"QuantizeLinear", "DequantizeLinear", "QLinearConv", "ConvInteger", "MatMulInteger", "QLinearMatMul"}


def onnx_file(path: Path, shapes: tuple[End, ...]) -> Model:
    """The network in ``path``.

    Args:
        path: an ONNX file of floats, of any opset that can be converted to 13.
        shapes: of its inputs, where the file leaves more than the batch free; empty: the file says all.

    Raises:
        InputError: it cannot be read, is quantised or packed already, or its inputs are not arrays of samples.
    """
    return from_graph(str(path), digest(path), read(path), shapes)


def read(path: Path) -> ir.Model:
    """The graph in ``path`` with all weights as initialisers, of opset 13 or later. Large ones are read when used.

    Raises:
        InputError: as ``onnx_file``.
    """
    model = to_ir(converted(read_lean(path)))
    common.RemoveInitializersFromInputsPass()(model)
    model.ir_version = max(model.ir_version, 4)
    common.LiftConstantsToInitializersPass(size_limit=_LIFTED)(model)
    check_finite(model)
    if any(LABEL in node.metadata_props for node in model.graph):
        raise InputError(f"{path} is packed already; give the file that it was made from")
    quantised = sorted({node.op_type for node in model.graph} & _QUANTISED)
    if quantised:
        raise InputError(f"{path} is quantised already ({', '.join(quantised)}); give the model in float32")
    return model


def from_graph(source: str, sha256: str, model: ir.Model, shapes: tuple[End, ...]) -> Model:
    """The network of a graph; what it computes is compared with one sample at a time, so that its batch is free.

    Raises:
        InputError: its inputs are not arrays of samples.
    """
    inputs = _inputs(model, shapes)
    fixed = _free_batch(model)
    module, why_not = Graph(model), None
    if module.unknown:
        why_not = f"{', '.join(module.unknown)} cannot be run in PyTorch here"
    else:
        try:
            outputs_of(module, inputs)
            if fixed:
                _check_batch(module, inputs)
        except InputError as error:
            why_not = str(error)
    ends = Ends(inputs, tuple(_outputs(model, module, inputs, runs=why_not is None)))
    if not module.sources:
        raise InputError(f"{source} has no weights; there is nothing to compress")
    return Model(
        name=short_name(source),
        source=source,
        sha256=sha256,
        module=module,
        ends=ends,
        trained=True,
        graph=lambda network: written(_as_graph(network)),
        architecture=architecture(model),
        why_not_run=why_not,
        fixed=True,
    )


def _as_graph(network: torch.nn.Module) -> Graph:
    assert isinstance(network, Graph)
    return network


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


def _free_batch(model: ir.Model) -> bool:
    """Make the batch free where the file fixes it; whether it did.

    A Reshape to a constant shape that begins with the fixed batch is the usual trace of it.
    """
    sizes = {value.shape[0] for value in model.graph.inputs if value.shape is not None}
    fixed = next(iter(sizes)) if len(sizes) == 1 else None
    for value in model.graph.inputs:
        if value.shape is not None:
            value.shape = ir.Shape([_BATCH if len(sizes) == 1 else value.shape[0], *list(value.shape)[1:]])
    if not isinstance(fixed, int):
        return False
    for node in model.graph:
        target = node.inputs[1] if node.op_type == "Reshape" else None
        constant = ir.convenience.get_const_tensor(target) if target is not None else None
        if constant is None or node.attributes.get_int("allowzero", 0) == 1:
            continue
        shape = constant.numpy().copy()
        if len(shape) > 1 and shape[0] == fixed:
            shape[0] = 0  # as many as the tensor has
            _constant_input(model, node, 1, shape)
    for value in model.graph.outputs:
        if value.shape is not None and len(value.shape) and value.shape[0] == fixed:
            value.shape = ir.Shape([_BATCH, *list(value.shape)[1:]])
    return True


def _constant_input(model: ir.Model, node: ir.Node, index: int, array: np.ndarray) -> None:
    """Give a node a constant of its own."""
    name = f"{node.outputs[0].name} shape"
    value = ir.Value(name=name, const_value=ir.Tensor(array, name=name))
    value.type, value.shape = ir.TensorType(ir.DataType.INT64), ir.Shape(array.shape)
    model.graph.register_initializer(value)
    node.replace_input_with(index, value)


def _check_batch(module: Graph, inputs: tuple[End, ...]) -> None:
    """Make sure that samples do not mix now that the batch is free.

    Raises:
        InputError: they do.
    """
    generator = torch.Generator().manual_seed(0)
    given = [
        torch.randn((3, *end.shape), generator=generator)
        if "float" in end.dtype
        else torch.randint(0, 2, (3, *end.shape), generator=generator).to(getattr(torch, end.dtype))
        for end in inputs
    ]
    with torch.no_grad():
        together = module.eval()(*given)
        alone = [module(*(each[number : number + 1] for each in given)) for number in range(3)]
    for place, all_of in enumerate(together if isinstance(together, tuple) else (together,)):
        one_by_one = torch.cat([each[place] if isinstance(each, tuple) else each for each in alone])
        if one_by_one.shape != all_of.shape or not torch.allclose(one_by_one, all_of, rtol=1e-3, atol=1e-4):
            raise InputError("its batch size is fixed inside the graph; export it with a free batch")


def _outputs(model: ir.Model, module: Graph, inputs: tuple[End, ...], *, runs: bool) -> list[End]:
    shapes: list[tuple[int, ...]] = outputs_of(module, inputs)[1] if runs else [()] * len(model.graph.outputs)
    found = []
    for value, shape in zip(model.graph.outputs, shapes, strict=True):
        dtype = value.dtype.numpy().name if value.dtype is not None else "float32"
        found.append(End(name=str(value.name), shape=list(shape), dtype=dtype))
    return found
