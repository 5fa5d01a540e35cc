"""What a file format owes; see ``formats/contract.py``."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.contract import Write
from edgecompress.testing.expect import expect, refuses

Floats = npt.NDArray[np.float32]
INPUTS, HIDDEN, OUTPUTS = 64, 96, 8
_TOLERANCE = 2e-2


def model(bad: float | None = None) -> ir.Model:
    """Two linear layers, ``x`` (batch, 64) to ``y`` (batch, 8), sparse and of few values; ``bad``: one weight of it."""
    random = np.random.default_rng(0)
    first = (random.integers(-4, 5, (INPUTS, HIDDEN)) / 8).astype(np.float32) * (random.random((INPUTS, HIDDEN)) < 0.2)
    arrays = {
        "first.weight": first.astype(np.float32),
        "first.bias": random.normal(size=HIDDEN).astype(np.float32),
        "second.weight": random.normal(size=(HIDDEN, OUTPUTS)).astype(np.float32),
        "second.bias": random.normal(size=OUTPUTS).astype(np.float32),
    }
    if bad is not None:
        arrays["second.weight"][0, 0] = bad
    nodes = [
        helper.make_node("Gemm", ["x", "first.weight", "first.bias"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "second.weight", "second.bias"], ["y"]),
    ]
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("x", INPUTS), ("y", OUTPUTS))
    )
    held = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    made = helper.make_model(
        helper.make_graph(nodes, "checked", [x], [y], held), opset_imports=[helper.make_opsetid("", 18)], ir_version=8
    )
    onnx.checker.check_model(made)
    return ir.from_proto(made)


def expected(x: Floats) -> Floats:
    """The outputs of ``model`` for ``x`` (n, 64)."""
    held = {name: value.const_value.numpy() for name, value in model().graph.initializers.items() if value.const_value}
    hidden = np.maximum(x @ held["first.weight"] + held["first.bias"], 0)
    return np.asarray(hidden @ held["second.weight"] + held["second.bias"], np.float32)


def check_format(write: Write, suffix: str, folder: Path, run: Callable[[Path, Floats], Floats] | None = None) -> None:
    """Make sure that ``write`` writes files that hold the model, the same each time, and accounts for their bytes.

    Args:
        write: of a format.
        suffix: of its files, as ``.onnx``.
        folder: an empty one.
        run: what the format's runtime computes of a file and inputs (n, 64), to be compared; ``None``: it is not run.

    Raises:
        AssertionError: it breaks its contract.
    """
    given = model()
    before = ir.to_proto(given).SerializeToString(deterministic=True)
    sizes = {}
    for compress, encoding in ((False, "smallest"), (True, "smallest"), (True, "fast-load")):
        what = f"compress={compress}, encoding='{encoding}'"
        path, again = (folder / f"{name}-{compress}-{encoding}{suffix}" for name in ("one", "two"))
        ledger = write(given, path, compress=compress, encoding=encoding)  # type: ignore[arg-type]
        write(given, again, compress=compress, encoding=encoding)  # type: ignore[arg-type]
        expect(path.is_file(), f"{what}: there is no file")
        sizes[what] = path.stat().st_size
        expect(
            ledger.file_bytes == sizes[what], f"{what}: the ledger says {ledger.file_bytes} bytes, not {sizes[what]}"
        )
        expect(path.read_bytes() == again.read_bytes(), f"{what}: the same model gives other bytes")
        elements = sum(int(np.prod(entry.shape)) for entry in ledger.tensors)
        least = INPUTS * HIDDEN + HIDDEN * OUTPUTS
        expect(elements >= least, f"{what}: the ledger has {elements} of {least} weights")
        if run is not None:
            x = np.random.default_rng(1).normal(size=(5, INPUTS)).astype(np.float32)
            wanted, found = expected(x), run(path, x)
            close = found.shape == wanted.shape and np.abs(found - wanted).max() <= _TOLERANCE * np.abs(wanted).max()
            expect(close, f"{what}: its outputs are not the model's")
    expect(ir.to_proto(given).SerializeToString(deterministic=True) == before, "the model given was changed")
    dense, *compressed = sizes.values()
    expect(max(compressed) < dense, f"compressed, the model takes {max(compressed)} bytes, and dense {dense}")
    path = folder / f"bad{suffix}"
    for bad in (float("nan"), float("inf")):
        call = partial(write, model(bad), path, compress=True)
        refuses(InputError, "", call, f"a weight that is {bad}")
        expect(not path.exists(), f"a weight that is {bad}: a file was left")
