"""Random inputs for a model in a process of its own, and what came of them: the part that all formats' programs share.

A program takes ``FILE ATTEMPTS.json FOLDER [again] ...``. ``ATTEMPTS.json`` is a list of shapes and ranges
(``attempts.Attempt``); the first that the model runs on is taken, or the first whose outputs all say something.
``again``: it is run twice, to see what changes from run to run. It writes ``outputs.npz``, the outputs by name, and
``report.json``: the number of the attempt, and the outputs that change.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Tried = dict[str, Any]
"""An ``attempts.Attempt`` as JSON."""

DOES_NOT_LOAD, DOES_NOT_RUN = 1, 3
AGAIN = "again"
OUTPUTS, REPORT = "outputs.npz", "report.json"
SECONDS = 300.0
"""How long attempts are begun."""

MORE = 8
"""Attempts after the first that ran, while outputs are empty or no numbers."""

_STATED: Tried = {"shapes": {}, "low": 0, "high": 2, "positive": False}


def write_outputs(run: Callable[[Tried], dict[str, Array]], listed: str, folder: str, *, again: bool) -> int:
    """Write what ``run`` gives for an attempt of the file ``listed`` into ``folder``; an exit code.

    Where that lists none, there is one attempt: the shapes that the model states.
    """
    try:
        number, tried, outputs = _first(run, json.loads(Path(listed).read_text(encoding="utf-8")) or [_STATED])
        second = run(tried) if again else outputs
    except Exception as error:
        return fail(DOES_NOT_RUN, error)
    np.savez(Path(folder) / OUTPUTS, allow_pickle=False, **outputs)
    changing = [name for name, array in outputs.items() if array.tobytes() != second[name].tobytes()]
    report = {"attempt": number, "changing": changing}
    (Path(folder) / REPORT).write_text(json.dumps(report), encoding="utf-8")
    return 0


def _first(run: Callable[[Tried], dict[str, Array]], attempts: list[Tried]) -> tuple[int, Tried, dict[str, Array]]:
    """The number of the attempt that was taken, the attempt, and its outputs.

    Raises:
        Exception: the model runs on none of them; the reason is that of the first.
    """
    end = time.monotonic() + SECONDS
    failure: Exception = ValueError("there is nothing to run it on")
    best: tuple[int, int, Tried, dict[str, Array]] | None = None
    last = len(attempts)
    for number, attempt in enumerate(attempts):
        if number > last or (number and time.monotonic() > end):
            break
        try:
            outputs = run(attempt)
        except Exception as error:
            failure = error if number == 0 else failure
            continue
        informative = sum(map(says_something, outputs.values()))
        if best is None or informative > best[0]:
            best = (informative, number, attempt, outputs)
        if informative == len(outputs):
            break
        last = min(last, number + MORE)
    if best is None:
        raise failure
    return best[1:]


def says_something(output: Array) -> bool:
    """Return whether it is neither empty nor all NaN, so that another network would give another one."""
    return bool(output.size) and not (output.dtype.kind == "f" and bool(np.isnan(output).all()))


def numbers(kind: np.dtype[Any], shape: tuple[int, ...], attempt: Tried, seed: int) -> Array:
    """Random numbers for an input: floats, any bytes, and of wider integers those of the attempt's range."""
    random = np.random.default_rng(seed)
    if kind.kind == "f":
        drawn = random.random(shape) if attempt["positive"] else random.standard_normal(shape)
        return np.asarray(drawn).astype(kind)
    if kind.itemsize == 1 and kind.kind != "b" and (attempt["low"], attempt["high"]) == (0, 2):
        return np.asarray(random.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, kind, endpoint=True))
    return np.asarray(random.integers(attempt["low"], attempt["high"], shape)).astype(kind)


def fail(code: int, error: Exception) -> int:
    """Say why in one line of stderr; the code."""
    sys.stderr.write(" ".join(str(error).split()) + "\n")
    return code
