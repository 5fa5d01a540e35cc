"""Run an ONNX file on random inputs: ``python -m ... FILE ATTEMPTS.json FOLDER [again] [unfolded]``.

It is a process of its own because a malformed file can kill the one that loads it; ``random_inputs`` says what
it takes and writes. ``unfolded``: weights are decoded as the graph runs, each step's memory given back after it, and
not all at once when the file is loaded.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.agent.engines import onnxruntime_engine
from edgecompress.equivalence.random_inputs import AGAIN, DOES_NOT_LOAD, Array, Tried, fail, numbers, write_outputs

UNFOLDED = "unfolded"

_TYPES = {
    "float": "float32", "float16": "float16", "double": "float64", "bool": "bool", "int8": "int8", "uint8": "uint8",
    "int16": "int16", "uint16": "uint16", "int32": "int32", "uint32": "uint32", "int64": "int64", "uint64": "uint64",
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write the outputs; 0, or why there are none as an exit code, with the reason on stderr."""
    file, listed, folder, *how = arguments
    try:
        session = onnxruntime_engine.session(Path(file), left_out=["ConstantFolding"] if UNFOLDED in how else [])
    except Exception as error:
        return fail(DOES_NOT_LOAD, error)
    return write_outputs(lambda attempt: outputs(session, attempt), listed, folder, again=AGAIN in how)


def outputs(session: Any, attempt: Tried) -> dict[str, Array]:
    """The outputs of a session by name.

    Raises:
        Exception: the runtime does not run the model on the attempt, or an input or output is not of numbers or text.
    """
    given = {each.name: _noise(each, attempt, seed) for seed, each in enumerate(session.get_inputs())}
    names = [each.name for each in session.get_outputs()]
    return {name: _array(name, made) for name, made in zip(names, session.run(names, given), strict=True)}


def _array(name: str, made: Any) -> Array:
    """An output as an array of numbers or of text."""
    array = np.asarray(made)
    if array.dtype == object:
        if not all(isinstance(each, str) for each in array.reshape(-1)):
            raise TypeError(f"its output '{name}' is no array of numbers or text")
        array = array.astype(str)
    return array


def _noise(given: Any, attempt: Tried, seed: int) -> Array:
    """Random numbers for an input; digits where it takes text."""
    inner = given.type.removeprefix("tensor(").removesuffix(")")
    shape = tuple(attempt["shapes"].get(given.name, [size if isinstance(size, int) else 1 for size in given.shape]))
    if inner == "string":
        return numbers(np.dtype("int64"), shape, attempt, seed).astype(str).astype(object)
    if inner not in _TYPES:
        raise TypeError(f"its input '{given.name}' is {given.type}, for which there are no random numbers")
    return numbers(np.dtype(_TYPES[inner]), shape, attempt, seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
