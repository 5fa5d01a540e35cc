"""What an ONNX file computes from random inputs, as a program: ``python -m ... FILE OUTPUTS.npz [unfolded]``.

It is a process of its own because a malformed file can kill the one that loads it. The inputs depend only on their
types and shapes. ``unfolded``: weights are decoded as the graph runs, each step's memory given back after it, and not
all at once when the file is loaded.
"""

import importlib
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DOES_NOT_LOAD, DOES_NOT_RUN = 1, 3
UNFOLDED = "unfolded"

_TYPES = {
    "float": "float32", "float16": "float16", "double": "float64", "bool": "bool", "int8": "int8", "uint8": "uint8",
    "int16": "int16", "uint16": "uint16", "int32": "int32", "uint32": "uint32", "int64": "int64", "uint64": "uint64",
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write all outputs to an npz file by name; 0, or why not as an exit code, with the reason on stderr."""
    file, written, *how = arguments
    module = importlib.import_module("onnxruntime")
    options = module.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    left_out = ["ConstantFolding"] if UNFOLDED in how else []
    try:
        session = module.InferenceSession(
            file, options, providers=["CPUExecutionProvider"], disabled_optimizers=left_out
        )
    except Exception as error:
        return _fail(DOES_NOT_LOAD, error)
    try:
        given = {each.name: _noise(each, number) for number, each in enumerate(session.get_inputs())}
        names = [each.name for each in session.get_outputs()]
        outputs = dict(zip(names, session.run(names, given), strict=True))
    except Exception as error:
        return _fail(DOES_NOT_RUN, error)
    np.savez(written, allow_pickle=False, **{name: np.asarray(array) for name, array in outputs.items()})
    return 0


def _fail(code: int, error: Exception) -> int:
    sys.stderr.write(" ".join(str(error).split()) + "\n")
    return code


def _noise(given: Any, seed: int) -> Array:
    """Random numbers for an input: normal floats, and of integers 0 and 1, which may be indices; free sizes are 1."""
    kind = _TYPES.get(given.type.removeprefix("tensor(").removesuffix(")"))
    if kind is None:
        raise TypeError(f"its input '{given.name}' is {given.type}, for which there are no random numbers")
    shape = [size if isinstance(size, int) and size > 0 else 1 for size in given.shape]
    random = np.random.default_rng(seed)
    if np.dtype(kind).kind == "f":
        return random.standard_normal(shape).astype(kind)
    return random.integers(0, 2, shape).astype(kind)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
