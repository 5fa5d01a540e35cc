"""The proof that a rewritten file computes what its source does: the part that all formats share.

Both files are run in processes of their own, by a program as ``random_inputs`` describes it.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgecompress.equivalence import random_inputs
from edgecompress.equivalence.attempts import LARGEST, Attempt
from edgecompress.equivalence.proof import Proof
from edgecompress.equivalence.random_inputs import Array
from edgecompress.errors import CheckError
from edgecompress.isolated.process import run_program

SECONDS = 1800


@dataclass(frozen=True)
class ProofRun:
    """The result of running a file: the outputs and the attempt they are of, or the code and the reason of none."""

    outputs: dict[str, Array] | None = None
    attempt: int = 0
    changing: Sequence[str] = field(default_factory=list)
    code: int = 0
    reason: str = ""

    @property
    def loads(self) -> bool:
        """Return whether the runtime took the file, whatever it then did with the inputs."""
        return self.outputs is not None or self.code == random_inputs.DOES_NOT_RUN


@dataclass(frozen=True)
class Files:
    """The file that was given, and the one that is to be its equal; ``runtime`` is what both are run in.

    ``packed``: that one is written here, to take the place of the other.
    """

    source: Path
    target: Path
    runtime: str
    packed: bool = True

    def failing(self, how: str, reason: str = "") -> CheckError:
        """The error of a target that does less than its source."""
        subject = "packed, the model" if self.packed else "the model"
        cure = f"; keep {self.source}" if self.packed else f", and {self.source} does"
        return CheckError(f"{self.target}: {subject} {how}{f' ({reason})' if reason else ''}{cure}")

    def differing(self, output: str) -> CheckError:
        """The error of a target that computes something else."""
        subject = "packed, the model's output" if self.packed else "its output"
        cure = "; keep the source, and please report this model" if self.packed else "; it is another model"
        return CheckError(
            f"{self.target}: {subject} '{output}' differs from that of {self.source} in {self.runtime}{cure}"
        )


def run(
    program: str, file: Path, tries: Sequence[Attempt], *how: str, seconds: float = SECONDS, command: Sequence[str] = ()
) -> ProofRun:
    """Run ``file`` by the module ``program`` on the first of ``tries`` that it runs on.

    ``command`` stands before it: an emulator, and its options.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        listed = Path(folder) / "attempts.json"
        listed.write_text(json.dumps([each.model_dump() for each in tries]), encoding="utf-8")
        job = [str(file.resolve()), str(listed), folder, *how]
        code, reason = run_program(program, job, seconds=seconds, command=command)
        if code:
            return ProofRun(code=code, reason=reason)
        report = json.loads((Path(folder) / random_inputs.REPORT).read_text(encoding="utf-8"))
        with np.load(Path(folder) / random_inputs.OUTPUTS, allow_pickle=False) as archive:
            return ProofRun(dict(archive), report["attempt"], report["changing"])


def prove(
    files: Files,
    run_source: Callable[[Sequence[Attempt]], ProofRun],
    run_packed: Callable[[Sequence[Attempt]], ProofRun],
    same: Callable[[Array, Array], bool],
    *,
    tries: Sequence[Attempt],
    hint: str = "",
) -> Proof:
    """Run both files on the same random inputs, on the first of ``tries`` that the source runs on, and compare.

    A model that runs on none of them need only load, and nothing is proved. ``hint`` is what a user can do about that.

    Raises:
        CheckError: the packed file does not load or run where the source does, or an output is not the ``same``.
    """
    source, runtime = files.source, files.runtime
    if not tries:
        return Proof.none(f"an input has more than {LARGEST:,} elements")
    before = run_source(tries)
    if not before.loads:
        verb = "does not load" if before.code == random_inputs.DOES_NOT_LOAD else "does not get through"
        return Proof.none(f"{runtime} {verb} {source.name} ({before.reason})")
    tried = list(tries[before.attempt : before.attempt + 1] if before.outputs is not None else tries[:1])
    after = run_packed(tried)
    if not after.loads:
        raise files.failing(f"does not load in {runtime}", after.reason)
    if before.outputs is None:
        on = "random inputs" if len(tries) < 2 else f"any of {len(tries)} random inputs"
        return Proof.none(f"{runtime} does not run {source.name} on {on} ({before.reason}){hint}")
    if after.outputs is None:
        raise files.failing(f"does not run in {runtime}", after.reason)
    return _compared(files, before, after.outputs, same, tried[0].shapes)


def _compared(
    files: Files,
    before: ProofRun,
    produced: dict[str, Array],
    same: Callable[[Array, Array], bool],
    shapes: dict[str, tuple[int, ...]],
) -> Proof:
    assert before.outputs is not None
    found, left = [], {}
    for name, array in before.outputs.items():
        if name in before.changing:
            left[name] = "is another at every run"
        elif not random_inputs.says_something(array):
            left[name] = "is NaN throughout" if array.size else "is empty"
        else:
            found.append(name)
        if name not in before.changing and not (name in produced and same(array, produced[name])):
            raise files.differing(name)
    reason = next((f"the output '{name}' {why}" for name, why in left.items()), "")
    return Proof(compared=tuple(found), inputs=shapes, reason=reason)
