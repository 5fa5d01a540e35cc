"""Reading an ONNX file that may be anything, and refusing in one line what cannot be used."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from edgecompress.errors import InputError
from edgecompress.formats.onnx import lean
from edgecompress.formats.onnx.canonical import DEFAULT_DOMAIN, canonical
from edgecompress.formats.onnx.compress import LEAST_OPSET
from edgecompress.formats.onnx.lean import Lean
from edgecompress.formats.onnx.whole import garbled, incomplete

LARGEST_MESSAGE = 2**31 - 2**20
"""Bytes of data from which a tensor is too large for a protobuf message, which ends at 2 GiB."""


def read_lean(path: Path) -> Lean:
    """The model in the file without the data of its large weights, but with those that lie in other files.

    It is brought into one form (``canonical``): nodes in order, weights of functions and of bodies in the graph. What
    ``onnx.checker`` asks for beyond this is left to the runtime: exporters leave out shapes that it wants, and the
    runtimes do not miss them.

    Raises:
        InputError: the file cannot be read, or does not hold a whole ONNX graph.
    """
    with readable(path):
        model = lean.read(path)
        proto = model.proto
        onnx.load_external_data_for_model(proto, str(path.parent))
        _understood(path, proto)
        if reason := incomplete(proto):
            raise InputError(f"{path} is not a whole ONNX model: {reason}")
        for tensor in proto.graph.initializer:
            if tensor.name in model.places:
                continue  # its data have the length that its shape asks for
            # The checker takes a tensor as a message, which cannot be larger; beyond that the length must do.
            if len(tensor.raw_data) < LARGEST_MESSAGE:
                onnx.checker.check_tensor(tensor)
            elif len(tensor.raw_data) != math.prod(tensor.dims) * _itemsize(tensor):
                raise InputError(f"{path} is damaged: the size of the tensor {tensor.name!r} does not fit its shape")
    return model


def _understood(path: Path, proto: onnx.ModelProto) -> None:
    if field := garbled(proto):
        raise InputError(f"{path} is a damaged ONNX model: a text in it ({field}) is not UTF-8")
    try:
        canonical(proto)
    except Exception as error:  # onnx's own code meets what no exporter writes, and fails in many ways
        raise InputError(f"{path} is a damaged ONNX model: {first_line(error)}") from error


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with the file ``path`` that is read inside.

    Raises:
        InputError: it cannot be read, or is no ONNX model.
    """
    try:
        yield
    except OSError as error:
        if error.filename and Path(error.filename) != path:
            raise InputError(
                f"{path} keeps weights in {error.filename}, which cannot be read ({error.strerror}); "
                "put that file beside it"
            ) from error
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        raise InputError(f"{path} is not an ONNX model, or it is damaged: {first_line(error)}") from error


def read_onnx(path: Path) -> ir.Model:
    """The model in the file as the graph that a format writes.

    Raises:
        InputError: the file cannot be read, or does not hold a whole ONNX graph.
    """
    model = to_ir(read_lean(path))
    take_apart(model)
    return model


def to_ir(model: Lean) -> ir.Model:
    """A model as a graph, its sparse initialisers with their zeros. What has no data in it is read when it is used.

    Raises:
        InputError: it is damaged.
    """
    proto = model.proto
    try:
        # onnx-ir leaves sparse initialisers out without a word.
        proto.graph.initializer.extend(_expanded(sparse) for sparse in proto.graph.sparse_initializer)
        graph = ir.from_proto(proto)
        _check_typed(graph)
    except Exception as error:  # onnx-ir meets what no exporter writes, and fails in many ways
        raise InputError(f"{model.path} is a damaged ONNX model: {first_line(error)}") from error
    for name in model.places:
        graph.graph.initializers[name].const_value = model.lazy(name)
    return graph


def _check_typed(model: ir.Model) -> None:
    """Refuse tensors without a type, which the graph's library only meets when it computes with them."""
    functions = [function.all_nodes() for function in model.functions.values()]
    for node in chain(model.graph.all_nodes(), *functions):
        for attribute in node.attributes.values():
            tensors = attribute.value if attribute.type == ir.AttributeType.TENSORS else [attribute.value]
            if attribute.type in (ir.AttributeType.TENSOR, ir.AttributeType.TENSORS) and any(
                getattr(tensor, "dtype", None) in (None, ir.DataType.UNDEFINED) for tensor in tensors
            ):
                raise ValueError(f"a tensor of node '{node.name}' ({node.op_type}) has no type")


def take_apart(model: ir.Model) -> None:
    """Give each weight memory of its own, so that the file, and what it was read into, can go.

    A tensor of a message is copied out of it each time that it is looked at, and the message stays as long as one of
    its tensors is used.
    """
    for name, value in model.graph.initializers.items():
        tensor = value.const_value
        if tensor is not None and tensor.dtype != ir.DataType.STRING:
            value.const_value = ir.Tensor(tensor.numpy(), dtype=tensor.dtype, name=name)


def converted(model: Lean) -> Lean:
    """The model in an opset that has the operators of the decoders.

    Raises:
        InputError: it cannot be converted.
    """
    opset = next((entry.version for entry in model.proto.opset_import if entry.domain == DEFAULT_DOMAIN), None)
    if opset is None:  # nothing in it is of the default domain
        model.proto.opset_import.append(onnx.helper.make_opsetid(DEFAULT_DOMAIN, LEAST_OPSET))
        return model
    if opset >= LEAST_OPSET:
        return model
    try:
        return Lean(onnx.version_converter.convert_version(model.filled(), LEAST_OPSET), model.path)
    except Exception as error:  # a C++ library, with errors of many kinds
        raise InputError(
            f"{model.path} is of ONNX opset {opset}, and cannot be converted to {LEAST_OPSET} ({first_line(error)}); "
            "export it again with a later opset"
        ) from error


def _itemsize(tensor: onnx.TensorProto) -> int:
    return int(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)


def _expanded(sparse: onnx.SparseTensorProto) -> onnx.TensorProto:
    """A sparse tensor with its zeros. Its indices are flat, or one row of coordinates for each value."""
    indices = onnx.numpy_helper.to_array(sparse.indices)
    values = onnx.numpy_helper.to_array(sparse.values)
    flat = indices if indices.ndim == 1 else np.ravel_multi_index(tuple(indices.T), tuple(sparse.dims))
    dense = np.zeros(math.prod(sparse.dims), values.dtype)
    dense[flat] = values
    return onnx.numpy_helper.from_array(dense.reshape(sparse.dims), sparse.values.name)


def first_line(error: Exception) -> str:
    """The first line of an error."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


_LAYERS = {
    "BatchNormalization", "Conv", "ConvTranspose", "DeformConv", "Einsum", "GRU", "Gemm", "GroupNormalization",
    "InstanceNormalization", "LSTM", "LayerNormalization", "MatMul", "PRelu", "RMSNormalization", "RNN",
}  # fmt: skip
"""Operators whose weights are multiplied and summed."""


def check_finite(model: ir.Model) -> None:
    """Refuse weights that are not numbers: a file made of them runs, and is wrong.

    Infinity is a number elsewhere, as in the mask before a Softmax, and so is NaN that a Where may choose.

    Raises:
        InputError: an initialiser holds NaN, or that of a layer infinity; the line names it.
    """
    for name, value in model.graph.initializers.items():
        tensor = value.const_value
        if tensor is None or not tensor.dtype.is_floating_point():
            continue
        users = {use.node.op_type for use in value.uses()}
        array = tensor.numpy().astype(np.float32, copy=False)
        wrong = ~np.isfinite(array) if users & _LAYERS else np.isnan(array)
        if (bad := np.count_nonzero(wrong)) and users != {"Where"}:
            what = "NaN or infinite" if users & _LAYERS else "NaN"
            raise InputError(f"weight {name!r} holds {bad} values that are {what}; train it again or repair it")
