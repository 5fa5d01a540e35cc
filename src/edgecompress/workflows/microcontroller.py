"""A build for a microcontroller: what it needs, a rehearsal before any training, and the one file with its sources."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from edgecompress.errors import CheckError, InputError, NoInt8Error
from edgecompress.estimate.records import Lead, LeadCandidate
from edgecompress.export.microcontroller import prove, vela
from edgecompress.export.microcontroller.operators import check_known, in_order
from edgecompress.export.microcontroller.pack import least_bytes
from edgecompress.export.microcontroller.records import MicrocontrollerProof
from edgecompress.heap import trim_heap
from edgecompress.int8.calibration import calibration
from edgecompress.int8.program import check_installed as check_quantisers
from edgecompress.manifest import ModelFile
from edgecompress.progress import Progress
from edgecompress.target import TFLITE_MICRO, Target
from edgecompress.workflows.microcontroller_files import COMPILED, DECODING, PLAIN, quantised, tried
from edgecompress.workflows.prepared import Prepared
from edgecompress.workflows.request import Request

_AT_THE_ENDS = ("QUANTIZE", "DEQUANTIZE")  # of every network here: inputs and outputs are float32
_FEW = 16  # samples that calibrate the rehearsal


def asked(request: Request, board: Target) -> Request:
    """The request with int8 on, where the board is a microcontroller and its packages are there.

    Raises:
        MissingDependencyError: one is not; the line says what to install.
    """
    if not board.is_microcontroller:
        return request
    check_quantisers()
    prove.check_installed()
    if board.npu is not None:
        vela.check_installed()
    return replace(request, changes=("export.int8=true", *request.changes))


def packages(board: Target) -> tuple[str, ...]:
    """The packages whose versions a microcontroller's manifest has beside the others'."""
    if not board.is_microcontroller:
        return ()
    return (TFLITE_MICRO,) if board.npu is None else (TFLITE_MICRO, vela.DISTRIBUTION)


@contextmanager
def int8_alone(board: Target) -> Iterator[None]:
    """Have what is not for int8 refused without the advice to build without it, where the board runs nothing else."""
    try:
        yield
    except NoInt8Error as error:
        if not board.is_microcontroller:
            raise
        raise InputError(f"{board.name} runs int8 alone: {error.why}, or choose a board with Linux") from error


def rehearse(board: Target, given: Prepared, *, progress: Progress, warn: Callable[[str], None]) -> None:
    """Quantise the network as it is and run it as the board would: operators, arena and size need no training.

    Raises:
        InputError: it is not for int8 and TensorFlow Lite Micro, or one of the board's tools refuses it.
        CheckError: it is over a budget that is enforced.
    """
    if not board.is_microcontroller:
        return
    _check_possible(board, given)
    progress(f"{board.name}: the network before training", 0, 1, "quantised and run, to see that it can be")
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        path = Path(name) / PLAIN
        quantised(given.graph(), path, calibration(given.data.train_x, _FEW))
        check_known(in_order(path), board.name)
        proof = _or_refused(board, lambda: tried(path, given))
        if board.npu is not None:
            proof = proof.model_copy(update={"vela": vela.compile_for(board.npu, path, Path(name) / COMPILED)})
        # Weights that are not compressed yet take more flash than those that will be: Vela's no one knows how much
        # more, and DECODE's at most eight times.
        least = None if board.npu is not None else least_bytes(path)
        over = [] if given.context.recipe.structure else over_budget(board, PLAIN, least, proof)
    progress(f"{board.name}: the network before training", 1, 1, f"it runs, in an arena of {_kib(proof.arena_bytes)}")
    trim_heap()
    if over and board.budget.enforce:
        raise CheckError(" ".join(over))
    for message in over:
        warn(f"before training: {message}")
    left = [each for each in (proof.vela.on_cpu if proof.vela else []) if each not in _AT_THE_ENDS]
    if left:
        warn(f"Vela leaves {', '.join(left)} to the processor of {board.name}, which is slow at it")


def over_budget(board: Target, name: str, size: int | None, proof: MicrocontrollerProof) -> list[str]:
    """The excess of a file over the board's budget, a line each.

    Args:
        board: a microcontroller.
        name: of the file.
        size: bytes in flash, at least. ``None``: not known yet.
        proof: of the file.
    """
    budget, found = board.budget, []
    ram, whose = proof.ram_bytes, "its tensor arena"
    if proof.vela is not None:
        name, whose = COMPILED, "its tensor arena, with activations as Vela estimates them"
    if size is not None and budget.file_kib is not None and size > 1024 * budget.file_kib:
        found.append(
            f"{name} has {_kib(size)}, {board.name}'s budget is {budget.file_kib} KiB; lower width in the recipe, or "
            "choose another network"
        )
    if budget.arena_kib is not None and ram > 1024 * budget.arena_kib:
        found.append(
            f"{name} needs {_kib(ram)} of RAM ({whose}), {board.name}'s budget is {budget.arena_kib} KiB; lower width "
            "in the recipe or the inputs' size, or choose another network"
        )
    return found


def lead(board: Target, models: dict[str, ModelFile], limit: float) -> Lead:
    """The plain file of a microcontroller's bundle leads, unless only the one that decodes its weights fits flash."""
    name, why = PLAIN, f"{board.name} runs int8 in TensorFlow Lite Micro, and this is the file for it"
    flash = board.budget.file_kib
    if DECODING in models:
        why = "it spends no time on decoding; the other takes less flash and more RAM"
        if flash is not None and models[PLAIN].bytes > 1024 * flash:
            name, why = DECODING, f"{PLAIN} has {_kib(models[PLAIN].bytes)}, and {board.name} gives it {flash} KiB"
    return Lead(
        file=name,
        why=why,
        basis="rule",
        limit=limit,
        note="nothing runs on a microcontroller's processor here",
        candidates={each: LeadCandidate(runtime=TFLITE_MICRO, bytes=file.bytes) for each, file in models.items()},
    )


def _check_possible(board: Target, given: Prepared) -> None:
    """Make sure that what is built can be judged in int8: one input, classes, samples to calibrate with."""
    only = f"{board.name} runs int8 alone, which"
    if given.context.recipe.export.int8 is not True:
        raise InputError(f"{only} export.int8=false forbids; leave that out")
    if given.model.by_name or given.model.why_not_run:
        raise InputError(f"{only} is for networks of one input and one output of scores; choose another network")
    if not given.data.classes or not len(given.data.train_x):
        raise InputError(f"{only} is calibrated with training samples and judged by classes: give data that have both")


def _or_refused(board: Target, run: Callable[[], MicrocontrollerProof]) -> MicrocontrollerProof:
    try:
        return run()
    except CheckError as error:
        reason = str(error).partition("does not load ")[2] or str(error)
        raise InputError(
            f"{board.name}'s runtime does not take this network: {reason}; choose another network"
        ) from error


def _kib(size: int) -> str:
    return f"{size / 1024:,.1f} KiB"
