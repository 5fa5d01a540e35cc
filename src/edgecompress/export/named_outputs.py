"""What a model file computes from given inputs, as a program: ``python -m ... FILE INPUTS.npz OUTPUTS.npz``.

It is a process of its own because a malformed file can kill the one that loads it. Inputs and outputs are arrays by
name, (N, channels, ...) whatever the file's layout. A TFLite file takes its samples one by one.
"""

import importlib
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def main(arguments: list[str]) -> int:
    """Write all outputs to an npz file by name; 0, or 1 with the reason as the last line of stderr."""
    file, given, written = arguments
    with np.load(given, allow_pickle=False) as archive:
        inputs = dict(archive)
    try:
        run = _tflite if file.endswith(".tflite") else _onnx
        np.savez(written, allow_pickle=False, **run(file, inputs))
    except Exception as error:  # the runtimes' errors have no common base
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 1
    return 0


def _onnx(file: str, inputs: dict[str, Array]) -> dict[str, Array]:
    module = importlib.import_module("onnxruntime")
    options = module.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = module.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    first = session.get_inputs()[0].shape[0]
    count, size = len(next(iter(inputs.values()))), first if isinstance(first, int) else 32
    parts = []
    for start in range(0, count - count % size if isinstance(first, int) else count, size):
        batch = {name: array[start : start + size] for name, array in inputs.items()}
        parts.append(session.run(names, batch))
    return {name: np.concatenate(each) for name, each in zip(names, zip(*parts, strict=True), strict=True)}


def _tflite(file: str, inputs: dict[str, Array]) -> dict[str, Array]:
    interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter(file, num_threads=1)
    interpreter.allocate_tensors()
    takes, gives = interpreter.get_input_details(), interpreter.get_output_details()
    found: dict[str, list[Array]] = {detail["name"]: [] for detail in gives}
    for number in range(len(next(iter(inputs.values())))):
        for detail in takes:
            sample = inputs[detail["name"]][number : number + 1]
            last = np.moveaxis(sample, 1, -1) if sample.ndim > 2 else sample
            interpreter.set_tensor(detail["index"], np.ascontiguousarray(last.astype(detail["dtype"])))
        interpreter.invoke()
        for detail in gives:
            made = interpreter.get_tensor(detail["index"])
            found[detail["name"]].append(np.moveaxis(made, -1, 1) if made.ndim > 2 else made)
    return {name: np.concatenate(parts) for name, parts in found.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
