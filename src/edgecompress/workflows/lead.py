"""The file of a build that leads on its board: what the board's processor, emulated, makes of each, and the choice."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgecompress.agent.inputs import channels_first
from edgecompress.compress.record import StageResult
from edgecompress.deploy.emulated.count import count
from edgecompress.deploy.emulated.outputs import outputs, why_not
from edgecompress.errors import CheckError, InputError, RuntimeFailedError
from edgecompress.estimate.choice import better_than, choose
from edgecompress.estimate.records import FLOAT16_ARITHMETIC, Lead, LeadCandidate, OnProcessor
from edgecompress.estimate.rule import expected
from edgecompress.export.accuracy import FileAccuracy, accuracy
from edgecompress.export.verify import compare_outputs
from edgecompress.manifest import ModelFile
from edgecompress.progress import Progress
from edgecompress.recipe import Export
from edgecompress.target import Target
from edgecompress.workflows.model_files import SAMPLES, Made, left_out
from edgecompress.workflows.prepared import Prepared

Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]

# Instructions of the samples that an emulated processor is given, a minute's or two: it computes float16 one number
# after the other.
_WORK = 1_000_000_000
_FEW = 64  # samples where instructions are not counted
_COUNT_SECONDS = 180
_OUTPUTS_SECONDS = 1800


@dataclass(frozen=True)
class LabelledSamples:
    """Labelled samples, float32 (N, channels, ...) and classes, with the compressed network's outputs for the first.

    Without classes ``y`` is empty.
    """

    x: Floats
    y: Array
    expected: Floats


def settle(
    folder: Path, made: Made, board: Target, given: Prepared, results: Sequence[StageResult], progress: Progress
) -> tuple[Made, Lead]:
    """``made``, with what the board's processor makes of files whose values depend on it; and the file that leads.

    Raises:
        CheckError: a file that was asked for computes something else there, or does not run.
    """
    data, settings = given.data, given.context.recipe.export
    models, warnings = dict(made.models), list(made.warnings)
    counts = counted(folder, models, board, settings, progress)
    test, validation = made.expected or (np.zeros((0, 0), np.float32),) * 2
    tested = LabelledSamples(data.test_x, data.test_y if data.classes else data.test_y[:0], test)
    for name in [name for name, file in models.items() if file.kind == "float16"]:
        try:
            found = on_processor(folder / name, models[name], board, tested, counts[0].get(name), progress)
        except CheckError as error:
            if settings.float16_arithmetic is True:
                raise
            warnings.append(left_out(folder, name, error))
            del models[name]
        else:
            models[name] = models[name].model_copy(update={"on_processor": found})
    chosen = lead(
        folder,
        models,
        board,
        settings,
        stages=results,
        validation=LabelledSamples(data.validation_x, data.validation_y, validation),
        counts=counts,
        progress=progress,
    )
    return replace(made, models=models, warnings=warnings), chosen


def usable(board: Target) -> str:
    """The reason why nothing runs on the board's processor here; empty: something does."""
    if board.emulator_cpu is None:
        return f"{board.name} names no processor to emulate"
    return why_not(board.emulator_cpu) or ""


def counted(
    folder: Path, files: Mapping[str, ModelFile], board: Target, settings: Export, progress: Progress
) -> tuple[dict[str, int], str]:
    """Instructions of each file on the board's processor; or none, and why.

    The dense file is first: where that takes too long, so would the others.
    """
    if not settings.count:
        return {}, "export.count is false"
    if note := usable(board):
        return {}, note
    assert board.emulator_cpu is not None
    found: dict[str, int] = {}
    for name in sorted(files, key=lambda each: files[each].kind != "dense"):
        if files[name].runtime not in board.runtimes:
            continue
        try:
            counts = count(folder / name, board.emulator_cpu, seconds=_COUNT_SECONDS, progress=progress)
        except (InputError, RuntimeFailedError) as error:
            return {}, f"instructions of {name} were not counted: {error}"
        found[name] = counts.per_inference
    return found, ""


def on_processor(
    path: Path, file: ModelFile, board: Target, test: LabelledSamples, executed: int | None, progress: Progress
) -> OnProcessor:
    """Check a float16 file on the board's emulated processor against the network in float32, on first test samples.

    Raises:
        CheckError: it is beyond float16's tolerance there, or its runtime fails on it.
    """
    if note := usable(board):
        return OnProcessor(processor=None, why_not=note)
    assert board.emulator_cpu is not None
    some = _some(executed)
    try:
        produced = _outputs(path, file, board.emulator_cpu, test.x[:some], progress)
    except InputError as error:
        return OnProcessor(processor=None, why_not=str(error))
    checked = compare_outputs(
        path, produced, test.expected[:some], absolute_tolerance=1e-4, relative_tolerance=FLOAT16_ARITHMETIC
    )
    return OnProcessor(processor=board.emulator_cpu, outputs=checked, accuracy=_accuracy(produced, test.y[:some]))


def lead(
    folder: Path,
    files: Mapping[str, ModelFile],
    board: Target,
    settings: Export,
    *,
    stages: Sequence[StageResult],
    validation: LabelledSamples,
    counts: tuple[Mapping[str, int], str],
    progress: Progress,
) -> Lead:
    """Choose which of ``files`` leads on the board by the validation split: the test set is for final figures.

    Args:
        folder: where they are.
        files: those of the bundle.
        board: what they are for.
        settings: with the limit of what may be lost.
        stages: what each did, the first of the dense network and the last of the compressed one.
        validation: the split.
        counts: from ``counted``.
        progress: called with what takes long.
    """
    executed, note = counts
    dense = {each.runtime: executed.get(name) for name, each in files.items() if each.kind == "dense"}
    found: dict[str, LeadCandidate] = {}
    # Float16 files last: their accuracy takes minutes of emulation, which a better file spares.
    for name, file in sorted(files.items(), key=lambda each: each[1].kind == "float16"):
        if file.runtime not in board.runtimes:
            continue
        base, made = dense.get(file.runtime), executed.get(name)
        ratio = made / base if made and base else None
        if ratio is None:
            ratio = expected(file.kind, file.runtime, board, file.verification.sparse_inference)
        better = better_than(made, found, settings.lead_drop) if file.kind == "float16" else None
        if better:
            judged: dict[str, object] = {"left_out": f"{better} executes less; its accuracy there was not asked for"}
        else:
            judged = _judged(folder / name, file, board, stages, validation, made, progress)
        found[name] = LeadCandidate(runtime=file.runtime, bytes=file.bytes, instructions=made, ratio=ratio, **judged)
    return choose(found, limit=settings.lead_drop, runtimes=board.runtimes, processor=board.emulator_cpu, note=note)


def _judged(
    path: Path,
    file: ModelFile,
    board: Target,
    stages: Sequence[StageResult],
    validation: LabelledSamples,
    executed: int | None,
    progress: Progress,
) -> dict[str, object]:
    """The measures of a file's accuracy, as fields of a ``LeadCandidate``."""
    dense, compressed = stages[0].top_1, stages[-1].top_1
    if file.on_processor is not None and file.on_processor.processor is None:
        return {"left_out": f"its values on {board.name} are not known: {file.on_processor.why_not}"}
    if dense is None or compressed is None:
        return {}
    whole = {"samples": len(validation.y), "judged": "the network"}
    if file.kind == "dense":
        return {"drop": 0.0, **whole}
    if file.kind == "compressed":
        return {"drop": dense - compressed, **whole}
    if file.kind != "float16":
        return {"drop": dense - _measured(path, file, validation, progress), **whole, "judged": "the file, here"}
    return _judged_there(path, file, board, validation, executed, progress, lost=dense - compressed)


def _judged_there(
    path: Path,
    file: ModelFile,
    board: Target,
    validation: LabelledSamples,
    executed: int | None,
    progress: Progress,
    *,
    lost: float,
) -> dict[str, object]:
    """The same of a float16 file: what the compressed network lost, and what float16 adds on some samples."""
    assert board.emulator_cpu is not None
    some = _some(executed)
    x, y, expected = validation.x[:some], validation.y[:some], validation.expected[:some]
    try:
        produced = _outputs(path, file, board.emulator_cpu, x, progress)
    except (CheckError, InputError) as error:
        return {"left_out": f"its accuracy on {board.name} is not known: {error}"}
    added = 100 * (np.mean(expected.argmax(axis=1) == y) - np.mean(produced.argmax(axis=1) == y))
    judged = f"the network, and on {len(y)} of these the file, on an emulated {board.emulator_cpu}"
    return {"drop": lost + float(added), "samples": len(validation.y), "judged": judged}


def _measured(path: Path, file: ModelFile, validation: LabelledSamples, progress: Progress) -> float:
    """The validation accuracy of a file in its runtime, here, in percent."""
    progress(f"{path.name} on the validation split", 0, 1)
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        data = Path(name) / "validation.npz"
        np.savez(data, x=validation.x, y=validation.y)
        found = accuracy(path, data, layout=file.input_layout)
    progress(f"{path.name} on the validation split", 1, 1, f"{found.percent:.2f} %")
    return found.percent


def _outputs(path: Path, file: ModelFile, processor: str, x: Floats, progress: Progress) -> Floats:
    """The outputs of a file on the emulated processor, its axes as the network's.

    Raises:
        CheckError: its runtime refuses it there, dies of it, or takes too long.
        InputError: the emulator cannot be started.
    """
    layout = file.input_layout
    try:
        produced, _ = outputs(path, x, processor, layout=layout, seconds=_OUTPUTS_SECONDS, progress=progress)
    except RuntimeFailedError as error:
        raise CheckError(f"{path}: on an emulated {processor}: {error}") from error
    return channels_first(produced, layout)


def _accuracy(produced: Floats, y: Array) -> FileAccuracy | None:
    if not len(y):
        return None
    correct = int(np.count_nonzero(produced.argmax(axis=1) == y))
    return FileAccuracy(correct=correct, samples=len(y), percent=100 * correct / len(y))


def _some(executed: int | None) -> int:
    return _FEW if executed is None else min(SAMPLES, max(1, _WORK // executed))
