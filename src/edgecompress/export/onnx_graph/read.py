"""Reading an ONNX file that may be anything, and refusing in one line what cannot be used."""

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from edgecompress.errors import InputError


def read_proto(path: Path) -> onnx.ModelProto:
    """The model in the file, with the data of tensors that lie in other files.

    Raises:
        InputError: the file cannot be read, or does not hold a valid ONNX model.
    """
    try:
        proto = onnx.load_model_from_string(path.read_bytes())
        onnx.load_external_data_for_model(proto, str(path.parent))
        if not proto.graph.output:
            raise InputError(f"{path} is not an ONNX model, or an empty one; give a file that an ONNX exporter wrote")
        onnx.checker.check_model(proto)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} is not a valid ONNX model ({reason}); is it damaged or of another format?") from error
    return proto


def read_onnx(path: Path) -> ir.Model:
    """The model in the file as the graph that a format writes.

    Raises:
        InputError: the file cannot be read, or does not hold a valid ONNX model.
    """
    return ir.from_proto(read_proto(path))


def check_finite(model: ir.Model) -> None:
    """Refuse weights that are not numbers: a file made of them runs, and is wrong.

    Raises:
        InputError: a floating-point initialiser holds NaN or infinity; the line names it.
    """
    for name, value in model.graph.initializers.items():
        tensor = value.const_value
        if tensor is None or not tensor.dtype.is_floating_point():
            continue
        bad = np.count_nonzero(~np.isfinite(tensor.numpy().astype(np.float32, copy=False)))
        if bad:
            raise InputError(
                f"weight '{name}' holds {bad} values that are NaN or infinite; train it again or repair it"
            )
