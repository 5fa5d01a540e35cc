"""What a model file computes from given inputs, as a program: ``python -m ... FILE INPUTS.npz OUTPUTS.npz [as_it_is]``.

It is a process of its own because a malformed file can kill the one that loads it. Inputs and outputs are arrays by
name, (N, channels, ...) whatever the file's layout: a TFLite file's arrays are taken to have their channels last, but
for one that is to be run ``as_it_is``. A file whose first axis is fixed takes so many rows at a time.
"""

import importlib
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
AS_IT_IS = "as_it_is"


def main(arguments: list[str]) -> int:
    """Write all outputs to an npz file by name; 0, or 1 with the reason as the last line of stderr."""
    file, given, written, *how = arguments
    with np.load(given, allow_pickle=False) as archive:
        inputs = dict(archive)
    try:
        is_tflite = file.endswith(".tflite")
        made = _tflite(file, inputs, turned=AS_IT_IS not in how) if is_tflite else _onnx(file, inputs)
        np.savez(written, allow_pickle=False, **made)
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
    fixed = {each.name: each.shape[0] for each in session.get_inputs() if isinstance((each.shape or [None])[0], int)}
    # A file that fixes a batch anywhere takes one batch at a time; otherwise a batch is as large as one likes.
    sizes = {name: fixed.get(name, 1 if fixed else 32) for name in inputs}
    parts = []
    for number in range(_batches(inputs, sizes, whole=bool(fixed))):
        batch = {name: array[number * sizes[name] : (number + 1) * sizes[name]] for name, array in inputs.items()}
        parts.append(session.run(names, batch))
    return {name: np.concatenate(each) for name, each in zip(names, zip(*parts, strict=True), strict=True)}


def _batches(inputs: dict[str, Array], sizes: dict[str, int], *, whole: bool) -> int:
    """How many batches there are; with ``whole``, rows that do not fill one are left out."""
    name, array = next(iter(inputs.items()))
    return len(array) // sizes[name] if whole else -(-len(array) // sizes[name])


def _tflite(file: str, inputs: dict[str, Array], *, turned: bool) -> dict[str, Array]:
    interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter(file, num_threads=1)
    interpreter.allocate_tensors()
    takes, gives = interpreter.get_input_details(), interpreter.get_output_details()
    found: dict[str, list[Array]] = {detail["name"]: [] for detail in gives}
    sizes = {detail["name"]: int(detail["shape"][0]) for detail in takes}
    for number in range(_batches(inputs, sizes, whole=True)):
        for detail in takes:
            size = sizes[detail["name"]]
            sample = inputs[detail["name"]][number * size : (number + 1) * size]
            last = np.moveaxis(sample, 1, -1) if turned and sample.ndim > 2 else sample
            interpreter.set_tensor(detail["index"], np.ascontiguousarray(last.astype(detail["dtype"])))
        interpreter.invoke()
        for detail in gives:
            made = interpreter.get_tensor(detail["index"])
            found[detail["name"]].append(np.moveaxis(made, -1, 1) if turned and made.ndim > 2 else made)
    return {name: np.concatenate(parts) for name, parts in found.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
