"""Any .tflite file as the schema's object tree, and back to bytes; what is not changed is written as it was read."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.errors import InputError
from edgecompress.formats.tflite import flatbuffer, reader, tables
from edgecompress.formats.tflite.mapped import Data
from edgecompress.formats.tflite.schema import schema

# Buffer.offset is 0 for data inside the flatbuffer; 1 marks a place that a writer reserved and did not fill.
_INSIDE = 1


def parse(path: Path) -> tuple[bytes, Any]:
    """The bytes of a file and its ``ModelT``, whose buffers all hold their data, that behind the flatbuffer too.

    Raises:
        InputError: the file cannot be read, is not TFLite, is damaged, is larger than 2 GiB, or has parts elsewhere.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    _check_size(path)
    data = reader.read(path)
    return data, _tree(data, path)


@contextmanager
def parsed(path: Path) -> Iterator[Any]:
    """The ``ModelT`` of a file that stays where it is: what is read of it alone takes memory, and only meanwhile.

    Raises:
        As ``parse``.
    """
    _check_size(path)
    with reader.opened(path) as data:
        yield _tree(data, path)


def _check_size(path: Path) -> None:
    if path.is_file() and path.stat().st_size > flatbuffer.LARGEST_FILE:
        raise InputError(f"{path} is larger than 2 GiB, which is more than a flatbuffer can hold; split the model")


def _tree(data: Data, path: Path) -> Any:
    """The ``ModelT`` of a file's bytes."""
    s: Any = schema()
    with damage(path):
        model = s.ModelT.InitFromObj(s.Model.GetRootAs(data))
        _check_complete(model, path)
        for buffer in model.buffers or []:
            if buffer.offset > _INSIDE:
                buffer.data = np.frombuffer(data, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Make an InputError of whatever a walk through the tables of a damaged file raises."""
    try:
        yield
    except (struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError) as error:
        raise InputError(f"{path} is a damaged TFLite file ({error}); make or fetch it again") from error


def serialize(model: Any) -> bytes:
    """The file of a ``ModelT``; its buffers become aligned as the schema asks.

    Raises:
        InputError: the file would be larger than a flatbuffer can be.
    """
    arrays = [np.zeros(0, np.uint8) if buffer.data is None else np.asarray(buffer.data) for buffer in model.buffers]
    model.buffers = [tables.aligned_buffer(array) for array in arrays]
    return tables.serialized(model, sum(array.nbytes for array in arrays))


def operator_name(model: Any, operator: Any) -> str:
    """The schema's name of an operator's code: CONV_2D, ..., CUSTOM; its number if this schema has none."""
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _operator_names().get(number, str(number))


@cache
def _operator_names() -> dict[int, str]:
    return {value: name for name, value in vars(schema().BuiltinOperator).items() if isinstance(value, int)}


def _check_complete(model: Any, path: Path) -> None:
    """Refuse parts that lie outside the tables, which would be left behind."""
    if model.externalBuffers:
        raise InputError(f"{path} keeps weights in other files; convert the model to a single .tflite file")
    operators = [operator for graph in model.subgraphs or [] for operator in graph.operators or []]
    if any(operator.largeCustomOptionsOffset > _INSIDE for operator in operators):
        raise InputError(f"{path} keeps options of custom operators behind the flatbuffer; that is not supported")
