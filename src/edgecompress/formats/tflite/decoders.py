"""The operators that decode constants, found in the tables of a file that may be damaged."""

from collections.abc import Iterator
from typing import Any

from edgecompress.formats.tflite.mapped import Data
from edgecompress.formats.tflite.micro.decode import OPERATOR
from edgecompress.formats.tflite.schema import schema

_CODES = ("DENSIFY", "DEQUANTIZE")


def counted(length: int, data: Data) -> int:
    """The length of a vector of tables, which takes 4 bytes an entry of ``data`` at least.

    Raises:
        ValueError: it is longer than that.
    """
    if length > len(data) // 4:
        raise ValueError("a vector is longer than the file")
    return length


def chains(model: Any, subgraph: Any, data: Data) -> dict[int, tuple[tuple[int, str], ...]]:
    """For each tensor, the DENSIFY and DEQUANTIZE that follow it in a chain, with the tensor that each reads."""
    wanted = {getattr(schema().BuiltinOperator, code): code for code in _CODES}
    after: dict[int, tuple[int, str]] = {}
    for operator, code in _operators(model, subgraph, data):
        name = wanted.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
        if name is not None:
            after[int(operator.Inputs(0))] = (int(operator.Outputs(0)), name)
    found = {}
    for start in after:
        chain: tuple[tuple[int, str], ...] = ()
        tensor = start
        while tensor in after and len(chain) < len(wanted):
            following, name = after[tensor]
            chain = (*chain, (tensor, name))
            tensor = following
        found[start] = chain
    return found


def coded(model: Any, subgraph: Any, data: Data) -> dict[int, list[tuple[int, int]]]:
    """The tensors that a DECODE of TensorFlow Lite Micro reads, each with those of its tables and of its results.

    Raises:
        ValueError: it names a tensor that is not there.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    for operator, code in _operators(model, subgraph, data):
        if code.CustomCode() != OPERATOR.encode():
            continue
        for place in range(counted(operator.OutputsLength(), data)):
            named = [int(operator.Inputs(2 * place)), int(operator.Inputs(2 * place + 1)), int(operator.Outputs(place))]
            if not all(0 <= each < subgraph.TensorsLength() for each in named):
                raise ValueError("an operator names a tensor that is not there")
            found.setdefault(named[0], []).append((named[1], named[2]))
    return found


def _operators(model: Any, subgraph: Any, data: Data) -> Iterator[tuple[Any, Any]]:
    """Each operator of a subgraph with its code."""
    for index in range(counted(subgraph.OperatorsLength(), data)):
        operator = subgraph.Operators(index)
        yield operator, model.OperatorCodes(operator.OpcodeIndex())
