"""Run a .tflite file on random inputs: ``python -m ... FILE ATTEMPTS.json FOLDER [again] [--no-delegate]``.

It is a process of its own because a malformed file kills the one that loads it; ``random_inputs`` says what it
takes and writes. Every signature is run, or the first subgraph where there is none. The inputs depend only on their
types and shapes.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.agent.engines import litert_engine
from edgecompress.equivalence.random_inputs import AGAIN, DOES_NOT_LOAD, Array, Tried, fail, numbers, write_outputs

NO_DELEGATE = "--no-delegate"


def main(arguments: list[str]) -> int:
    """Write the outputs under ``signature/name``; 0, or why there are none as an exit code, the reason on stderr."""
    file, listed, folder, *how = arguments

    def load() -> Any:
        return litert_engine.interpreter(Path(file), plain=NO_DELEGATE in how)

    try:
        loaded = [load()]
    except Exception as error:
        return fail(DOES_NOT_LOAD, error)

    # One that failed on an attempt may be in pieces, and one that ran has its state: each run begins with a new one.
    def fresh(attempt: Tried) -> dict[str, Array]:
        return outputs(loaded.pop() if loaded else load(), attempt)

    return write_outputs(fresh, listed, folder, again=AGAIN in how)


def outputs(interpreter: Any, attempt: Tried) -> dict[str, Array]:
    """The outputs of every signature of an interpreter, or of its first subgraph where there is none.

    Raises:
        RuntimeError, ValueError, TypeError: the runtime refuses the model, or an input is not of numbers.
    """
    signatures = interpreter.get_signature_list()
    if not signatures:
        return _of_first_subgraph(interpreter, attempt)
    found = {}
    for key in signatures:
        runner = interpreter.get_signature_runner(key)
        details = sorted(runner.get_input_details().items())
        # As attempts.label has it; that module needs the schema, and more of the package.
        prefix = f"{key}/" if len(signatures) > 1 else ""
        given = {name: _noise(detail, prefix + name, attempt, number) for number, (name, detail) in enumerate(details)}
        found.update({f"{key}/{name}": array for name, array in runner(**given).items()})
    return found


def _of_first_subgraph(interpreter: Any, attempt: Tried) -> dict[str, Array]:
    details = interpreter.get_input_details()
    given = [_noise(detail, detail["name"], attempt, number) for number, detail in enumerate(details)]
    for detail, array in zip(details, given, strict=True):
        if tuple(detail["shape"]) != array.shape:
            interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    for detail, array in zip(details, given, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return {f"/{number}": interpreter.get_tensor(detail["index"]) for number, detail in enumerate(details)}


def _noise(detail: dict[str, Any], name: str, attempt: Tried, seed: int) -> Array:
    """Random numbers for an input, of the attempt's shape or else of its own."""
    kind = np.dtype(detail["dtype"])
    if kind.kind not in "fbiu":
        raise TypeError(f"its input '{detail['name']}' is of type {kind}, for which there are no random numbers")
    shape = attempt["shapes"].get(name, detail["shape"])
    return numbers(kind, tuple(int(size) for size in shape), attempt, seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
