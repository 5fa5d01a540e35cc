"""What a .tflite file computes from random inputs, as a program: ``python -m ... FILE OUTPUTS.npz [--no-delegate]``.

It is a process of its own because a malformed file kills the one that loads it. Every signature is run, or the first
subgraph where there is none. The inputs depend only on their types and shapes.
"""

import importlib
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def main(arguments: list[str]) -> int:
    """Write the outputs to an npz file under ``signature/name``; 0, or 1 with the reason as the last line of stderr."""
    file, written, *options = arguments
    module = importlib.import_module("ai_edge_litert.interpreter")
    plain = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    resolver = {"experimental_op_resolver_type": plain} if options else {}
    try:
        interpreter = module.Interpreter(file, num_threads=1, **resolver)
        np.savez(written, allow_pickle=False, **outputs(interpreter))
    except (RuntimeError, ValueError, TypeError) as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 1
    return 0


def outputs(interpreter: Any) -> dict[str, Array]:
    """The outputs of every signature of an interpreter, or of its first subgraph where there is none.

    Raises:
        RuntimeError, ValueError, TypeError: the runtime refuses the model, or an input is not of numbers.
    """
    signatures = interpreter.get_signature_list()
    if not signatures:
        interpreter.allocate_tensors()
        for number, detail in enumerate(interpreter.get_input_details()):
            interpreter.set_tensor(detail["index"], _noise(detail, number))
        interpreter.invoke()
        details = interpreter.get_output_details()
        return {f"/{number}": interpreter.get_tensor(detail["index"]) for number, detail in enumerate(details)}
    found = {}
    for key in signatures:
        runner = interpreter.get_signature_runner(key)
        details = sorted(runner.get_input_details().items())
        given = {name: _noise(detail, number) for number, (name, detail) in enumerate(details)}
        found.update({f"{key}/{name}": array for name, array in runner(**given).items()})
    return found


def _noise(detail: dict[str, Any], seed: int) -> Array:
    """Random numbers for an input: normal floats, any bytes, and of wider integers 0 and 1, which may be indices."""
    kind, shape = np.dtype(detail["dtype"]), tuple(detail["shape"])
    random = np.random.default_rng(seed)
    if kind.kind == "f":
        return random.standard_normal(shape).astype(kind)
    if kind.kind == "b" or (kind.kind in "iu" and kind.itemsize > 1):
        return random.integers(0, 2, shape).astype(kind)
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        return random.integers(limits.min, limits.max, shape, kind, endpoint=True)
    raise TypeError(f"its input '{detail['name']}' is of type {kind}, for which there are no random numbers")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
