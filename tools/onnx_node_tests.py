#!/usr/bin/env python3
"""Run the ONNX project's own tests of single operators through the TFLite lowering and LiteRT, and count.

Usage: python tools/onnx_node_tests.py [OPERATOR ...] [--reasons] [--no-delegate]

Each test that the onnx package ships for an operator of the table is lowered, run in a process of its own, and compared
with the output that the test says: within 1e-5 + 1e-3 of the value. Weights are inputs in these tests; where the
lowering needs them constant, all inputs but one are made constants of the test's own data. A test passes, is refused
(by an InputError, whose reasons --reasons lists), or is wrong: another output, another error, or a dead process. It
exits with 1 if one is wrong.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx_ir as ir
from onnx import numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.lowering.operators import OPERATORS
from edgecompress.formats.tflite.writer import serialize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ABSOLUTE, RELATIVE = 1e-5, 1e-3
PASSED, REFUSED, WRONG = "passed", "refused", "wrong"
_CHILD = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
plain = {"experimental_op_resolver_type": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
options = plain if sys.argv[1:] else {}
for folder in map(str.strip, sys.stdin):
    try:
        interpreter = Interpreter(folder + "/model.tflite", num_threads=1, **options)
        interpreter.allocate_tensors()
        inputs = np.load(folder + "/inputs.npz")
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], inputs[detail["name"]])
        interpreter.invoke()
        details = interpreter.get_output_details()
        np.savez(folder + "/outputs.npz", **{d["name"]: interpreter.get_tensor(d["index"]) for d in details})
        print("ok", flush=True)
    except Exception as error:
        print(" ".join(repr(error).split()), flush=True)
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one test."""

    operator: str
    test: str
    result: str
    reason: str = ""


def outcomes(operators: Iterable[str] = OPERATORS, *, delegate: bool = True) -> list[Outcome]:
    """Every test of these operators that the onnx package ships; without ``delegate`` not in XNNPACK."""
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        runtime = _Runtime(Path(folder), delegate=delegate)
        found = [_outcome(case, runtime) for case in _cases(set(operators))]
        runtime.close()
    return found


def _cases(operators: set[str]) -> Iterator[Any]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the tests make infinities on purpose
        cases = collect_testcases()
    for case in cases:
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].domain in ("", "ai.onnx") and nodes[0].op_type in operators:
            yield case


def _outcome(case: Any, runtime: _Runtime) -> Outcome:
    operator = case.model.graph.node[0].op_type
    inputs, expected = case.data_sets[0]
    names = [given.name for given in case.model.graph.input]
    arrays = {name: _array(array) for name, array in zip(names, inputs, strict=True) if not isinstance(array, list)}
    graph, fed, reason = None, {}, "its inputs are sequences"
    for free in _choices(names):
        if len(arrays) < len(names):
            break
        try:
            model = _bound(case.model, {name: arrays[name] for name in names if name not in free})
            graph, fed = lower(ir.from_proto(model)), {name: arrays[name] for name in free}
            break
        except InputError as error:
            # What is refused when only the first input is left is what matters; that weights are inputs is known.
            reason = str(error) if free in (names, names[:1]) else reason
        except Exception as error:
            return Outcome(operator, case.name, WRONG, repr(error))
    if graph is None:
        return Outcome(operator, case.name, REFUSED, reason)
    try:
        produced = runtime.run(serialize(graph, {}), {name: _channels_last(array) for name, array in fed.items()})
    except RuntimeError as error:
        return Outcome(operator, case.name, WRONG, f"LiteRT: {error}")
    for output, wanted in zip(case.model.graph.output, expected, strict=True):
        want = _channels_last(_array(wanted))
        got = produced[output.name]
        if got.shape != want.shape:
            return Outcome(operator, case.name, WRONG, f"shape {got.shape} instead of {want.shape}")
        if not np.allclose(got, want, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True):
            return Outcome(operator, case.name, WRONG, f"differs by {np.abs(got - want).max()}")
    return Outcome(operator, case.name, PASSED)


def _array(given: Any) -> np.ndarray:
    return numpy_helper.to_array(given) if isinstance(given, onnx.TensorProto) else np.asarray(given)


def _choices(names: list[str]) -> Iterator[list[str]]:
    """Which inputs stay inputs: all, or one of them."""
    yield names
    if len(names) > 1:
        yield from ([name] for name in names)


def _bound(model: onnx.ModelProto, constants: dict[str, np.ndarray]) -> onnx.ModelProto:
    """``model`` with some inputs as constants."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    kept = [given for given in made.graph.input if given.name not in constants]
    del made.graph.input[:]
    made.graph.input.extend(kept)
    made.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    return made


def _channels_last(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(array, 1, -1)) if array.ndim > 2 else array


class _Runtime:
    """LiteRT in a child that is started again if a file killed it."""

    def __init__(self, folder: Path, *, delegate: bool) -> None:
        self._folder = folder
        self._options = [] if delegate else ["--no-delegate"]
        self._child: subprocess.Popen[str] | None = None

    def run(self, data: bytes, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs; RuntimeError if the file cannot be run."""
        (self._folder / "model.tflite").write_bytes(data)
        np.savez(self._folder / "inputs.npz", **inputs)
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, *self._options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        self._child.stdin.write(f"{self._folder}\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline().strip()
        if answer != "ok":
            raise RuntimeError(answer or f"the process died with {self._child.wait()}")
        with np.load(self._folder / "outputs.npz") as outputs:
            return dict(outputs)

    def close(self) -> None:
        if self._child is not None:
            self._child.stdin.close()
            self._child.wait(timeout=60)


def main() -> int:
    """Print the counts; 1 if a test is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operators", nargs="*", default=list(OPERATORS))
    parser.add_argument("--reasons", action="store_true", help="say why each test was refused")
    parser.add_argument("--no-delegate", action="store_true", help="run LiteRT's own kernels, not XNNPACK's")
    options = parser.parse_args()
    found = outcomes(options.operators, delegate=not options.no_delegate)
    sys.stdout.write("| operator | passed | refused | wrong |\n|---|---|---|---|\n")
    for operator in sorted({each.operator for each in found}):
        counts = Counter(each.result for each in found if each.operator == operator)
        sys.stdout.write(f"| `{operator}` | {counts[PASSED]} | {counts[REFUSED]} | {counts[WRONG]} |\n")
    counts = Counter(each.result for each in found)
    sys.stdout.write(f"\n{counts[PASSED]} passed, {counts[REFUSED]} refused, {counts[WRONG]} wrong\n")
    for each in found:
        if each.result == WRONG or (options.reasons and each.result == REFUSED):
            sys.stdout.write(f"{each.result}: {each.test}: {each.reason}\n")
    return 1 if counts[WRONG] else 0


if __name__ == "__main__":
    sys.exit(main())
