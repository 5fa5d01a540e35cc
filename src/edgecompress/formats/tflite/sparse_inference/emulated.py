"""The proof that a file computes the same where sparse inference may take it: on a processor without AVX.

On such a processor (every Arm) that is a run of its own; on an x86-64 processor with AVX it is one in qemu's user mode,
as a processor without. Either is held against the runtime's builtin kernels, which have no sparse form.
"""

import platform
import shutil
import sys
from functools import cache
from pathlib import Path

import numpy as np

from edgecompress.equivalence.attempts import Attempt
from edgecompress.equivalence.proof import Shapes
from edgecompress.equivalence.prove import run
from edgecompress.errors import CheckError
from edgecompress.formats.tflite import model_file, random_outputs
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference, judge_model

# As a fraction of an output's largest magnitude. Sums in another order differ by less than 1e-5; a broken run was never
# seen to differ by less than 2e-2.
TOLERANCE = 1e-3
# The last Intel processor without AVX that runs what NumPy's wheels are built for.
_EMULATORS = (["qemu-x86_64-static", "-cpu", "Nehalem"], ["qemu-x86_64", "-cpu", "Nehalem"])
_NATIVE_SECONDS, _EMULATED_SECONDS = 1800, 900


class SparseInferenceError(CheckError):
    """A file that is wrong, or may be, on processors without AVX alone."""


def prove(file: Path, *, named: Path | None = None, shapes: Shapes | None = None, runs: bool = True) -> SparseInference:
    """Decide what sparse inference does with ``file``, and see that it computes the same with it as without.

    ``named`` is what an error calls the file; ``shapes`` are those of its inputs, where it leaves some free.
    Without ``runs``, as where nothing runs it, there is the verdict on its graph alone.

    Only what sparse inference could take is run: files with a sparse weight and an entry. Where neither this processor
    nor an emulator shows it, the verdict on the graph stands alone, and says so by ``proof``.

    Raises:
        SparseInferenceError: with sparse inference its outputs are others, or it does not load; or it is unsafe and
            cannot be shown to be right.
        CheckError: LiteRT's builtin kernels do not run it.
    """
    verdict, named = judged(file), named or file
    command = here()
    if runs and verdict.may_run and command is not None:
        _compare(file, command, named, [Attempt(shapes=dict(shapes or {}))])
        return verdict.model_copy(update={"proof": "emulated" if command else "native"})
    if verdict.state == "unsafe":
        raise SparseInferenceError(f"{named}: on a processor without AVX its outputs can be wrong: {verdict.reason}")
    return verdict


def judged(file: Path) -> SparseInference:
    """The verdict on a file from its graph alone.

    Raises:
        InputError: it cannot be read, or is damaged.
    """
    with model_file.parsed(file) as model, model_file.damage(file):
        return judge_model(model)


def here() -> list[str] | None:
    """The words before a command that is to run without AVX: none on Arm; ``None`` where there is no such way."""
    if sparse_inference_runs_here():
        return []
    if platform.machine() not in ("x86_64", "AMD64") or sys.platform != "linux":
        return None
    return next((command for command in _EMULATORS if shutil.which(command[0])), None)


@cache
def sparse_inference_runs_here() -> bool:
    """Return whether XNNPACK uses its sparse kernels on this machine's processor."""
    if platform.machine() not in ("x86_64", "AMD64", "i686"):
        return True
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return " avx " not in flags.replace("\n", " ")


def _compare(file: Path, command: list[str], named: Path, tries: list[Attempt]) -> None:
    """Hold what a process behind ``command`` computes against the builtin kernels."""
    program = random_outputs.__name__
    builtin = run(program, file, tries, random_outputs.NO_DELEGATE, seconds=_NATIVE_SECONDS)
    if builtin.outputs is None:
        raise CheckError(f"{named}: LiteRT's builtin kernels do not run it ({builtin.reason})")
    sparse = run(program, file, tries, seconds=_EMULATED_SECONDS, command=command)
    if sparse.outputs is None:
        raise SparseInferenceError(f"{named}: LiteRT does not run it on a processor without AVX ({sparse.reason})")
    produced = sparse.outputs
    for name, array in builtin.outputs.items():
        largest = float(np.abs(array).max(initial=0)) if array.dtype.kind == "f" else 0.0
        with np.errstate(invalid="ignore"):  # what is infinite or NaN in both is equal
            same = np.isclose(produced[name], array, rtol=0, atol=TOLERANCE * largest, equal_nan=True)
        if not same.all():
            far = float(np.nanmax(np.abs(produced[name].astype(np.float64) - array)))
            raise SparseInferenceError(
                f"{named}: on a processor without AVX, as all of Arm are, LiteRT's sparse kernels give another output "
                f"'{name}': by {far:.3g}, where its largest is {largest:.3g}"
            )
