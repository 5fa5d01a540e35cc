"""One step of the agent in a process of its own: a file that kills its runtime must not take the build with it."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgecompress import answers
from edgecompress.agent import telemetry
from edgecompress.errors import CheckError, InputError
from edgecompress.workers import python

_WRONG_JOB = 2
# Without what tells libraries of this machine's processor: OPENBLAS_CORETYPE=Haswell ends NumPy where there is no AVX.
_ON_EMULATED = (
    *("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR"),
    *("OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONSAFEPATH"),
)


def run_step(step: str, job: dict[str, Any], file: Path, *, seconds: float) -> list[dict[str, Any]]:
    """The events of one agent step that runs ``file``; ``seconds`` bounds how long it may take.

    Raises:
        InputError: the step could not be run here, as when the runtime is not installed; the agent says why.
        CheckError: the runtime refused the file, crashed on it, or did not finish; the line names the file.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        command = python("edgecompress.agent", step, str(path))
        try:
            done = _ended(command, seconds)
        except subprocess.TimeoutExpired as error:
            raise CheckError(f"{file}: its runtime did not finish the step '{step}' within {seconds:g} s") from error
    if done.returncode < 0:
        raise CheckError(f"{file}: its runtime crashed ({signal_name(-done.returncode)}) in the step '{step}'")
    events = [event for line in done.stdout.split("\n") if (event := answers.parse(line))]
    if done.returncode:
        messages = [answers.message(event) for event in events if event["event"] == "error"]
        message = messages[-1] if messages else (done.stderr.strip().splitlines() or ["no message"])[-1]
        if done.returncode == _WRONG_JOB:
            raise InputError(message)
        raise CheckError(f"{file}: its runtime failed in the step '{step}': {message}")
    return answers.answer(step, job, [event for event in events if event["event"] != "progress"])


def run_program(module: str, arguments: list[str], *, seconds: float, command: Sequence[str] = ()) -> tuple[int, str]:
    """Run a module as a program: its exit code, negative if a signal or the time ended it, and its reason.

    ``command`` stands before it: an emulator, and its options. It has little of this process's environment then.

    Hashes are the same in every run, so that what walks a set, and quantisers do, writes the same file each time.
    """
    whole = [*command, *python(module, *arguments)]
    try:
        kept = on_emulated() if command else os.environ
        done = _ended(whole, seconds, {**telemetry.OFF, **kept, "PYTHONHASHSEED": "0"})
    except subprocess.TimeoutExpired:
        return -signal.SIGALRM, f"it did not finish within {seconds:g} s"
    if done.returncode < 0:
        return done.returncode, f"it crashes the runtime, {signal_name(-done.returncode)}"
    return done.returncode, (done.stderr.strip().splitlines() or ["no reason given"])[-1]


def on_emulated() -> dict[str, str]:
    """The part of this process's environment that a process on an emulated processor is given."""
    return {name: os.environ[name] for name in _ON_EMULATED if name in os.environ}


def _ended(command: list[str], seconds: float, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command that has ended, with all that it printed."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
        env=env,
    )


def signal_name(number: int) -> str:
    """``SIGSEGV`` for 11; the number for a signal without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
