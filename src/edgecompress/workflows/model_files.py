"""The model files of a bundle: which are made for the board, each written and proved."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import onnx_ir as ir
import torch

from edgecompress import bundle
from edgecompress.compress.checkpoints import State
from edgecompress.compress.evaluate import ACCURACY, judged, outputs
from edgecompress.compress.record import StageResult, structured
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import EdgecompressError, MissingDependencyError, NoFormError
from edgecompress.export.kinds import STEMS, Kind
from edgecompress.export.named import Named
from edgecompress.export.verified import (
    LATENCY,
    Calibrated,
    Reference,
    VerifiedFile,
    write_float,
    write_float16,
    write_int8,
)
from edgecompress.export.verify import Floats
from edgecompress.formats import find
from edgecompress.formats.contract import Format
from edgecompress.heap import trim_heap
from edgecompress.int8.calibration import calibration
from edgecompress.int8.program import check_installed
from edgecompress.manifest import Accuracy, Fidelity, Judged, ModelFile, PlainFile
from edgecompress.progress import Progress
from edgecompress.recipe import Export
from edgecompress.target import Target
from edgecompress.workflows.microcontroller_files import MicrocontrollerFiles
from edgecompress.workflows.prepared import Prepared
from edgecompress.workflows.references import fidelity, reference

SAMPLES = 256
"""Most samples of a split that files are proved on."""
INT8: dict[Kind, Kind] = {"dense": "dense-int8", "compressed": "int8"}


@dataclass(frozen=True)
class Made:
    """Every model file, and what is known of both networks.

    Attributes:
        models: by name.
        accuracy: of both networks on the test set; ``None``: the data have no classes.
        judged: of both by the user's own metric; ``None``: there is none.
        fidelity: instead of it.
        warnings: of what was left out, or is slow.
        expected: the compressed network's outputs for the first samples, float32 (N, classes), of the test set and of
            the validation split, for files whose values depend on the processor; empty: there are none.
        plain: the files beside them, of a microcontroller's.
    """

    models: dict[str, ModelFile]
    accuracy: Accuracy | None
    fidelity: Fidelity | None
    warnings: list[str]
    expected: tuple[Floats, ...] = ()
    judged: Judged | None = None
    plain: dict[str, PlainFile] = field(default_factory=dict)


@dataclass(frozen=True)
class _Plan:
    """The files to write, and the settings for them."""

    folder: Path
    settings: Export
    calibrated: Calibrated | None  # None: no int8 files
    int8_of: Collection[str]
    float16: bool
    progress: Progress

    def variants(self, kind: Kind) -> list[tuple[Kind, Callable[..., VerifiedFile], bool]]:
        """The other files of one network and format: kind, what writes it, and whether it was asked for by name."""
        found: list[tuple[Kind, Callable[..., VerifiedFile], bool]] = []
        if self.calibrated is not None and kind in self.int8_of:
            quantise = partial(write_int8, given=self.calibrated, compress=kind == "compressed")
            found.append((INT8[kind], quantise, self.settings.int8 is True))
        if self.float16 and kind == "compressed":
            found.append(("float16", write_float16, self.settings.float16_arithmetic is True))
        return found


def write_models(
    folder: Path, board: Target, given: Prepared, compressed: Run, samples: Path, progress: Progress
) -> Made:
    """Write and prove every model file, and judge both networks on the test set.

    ``samples`` is an npz file of labelled test samples, to take the accuracy of int8 files from.
    """
    data, network, settings = given.data, given.network, given.context.recipe.export
    test = (torch.from_numpy(data.test_x), torch.from_numpy(data.test_y))
    states: dict[Kind, State] = {"dense": compressed.dense, "compressed": compressed.last}
    results: dict[Kind, float | None] = {}
    judgements: list[float] = []
    by_metric = given.context.metric if given.context.metric != ACCURACY else None
    references: dict[Kind, Reference | Named] = {}
    models: dict[str, ModelFile] = {}
    int8, warnings = _int8(board, given)
    inputs = calibration(data.train_x, settings.int8_samples) if int8 else data.train_x[:0]
    calibrated = Calibrated(inputs, samples) if int8 else None
    plan = _Plan(folder, settings, calibrated, _int8_of(settings, compressed.stages), _float16(board, given), progress)
    only = None
    if board.is_microcontroller and calibrated:
        only = MicrocontrollerFiles(folder, board, given, calibrated, progress)
    kinds = [] if only else find.of_profiles()
    for kind, state in states.items():
        load_state(network, state)
        results[kind] = judged(network, test) if data.classes else None
        if by_metric is not None:
            judgements.append(by_metric(network, *test))
        graph = given.graph()
        references[kind] = reference(given, graph, data.test_x[:SAMPLES])
        for each in list(kinds):
            try:
                models |= _of_network(plan, graph, kind, each, references[kind], compressed.stages, warnings)
            except NoFormError as error:
                # A network of the user's own may have operators that only ONNX has; a built-in one has none.
                if given.model.built_in or not each.partial or set(board.runtimes) <= {each.runtime}:
                    raise
                warnings.append(f"no {each.title} file: {error}")
                kinds.remove(each)
                dense = f"{STEMS['dense']}.{each.name}"
                if models.pop(dense, None):
                    (folder / dense).unlink()  # of one network alone it is of no use
        tested = references[kind]
        if only and isinstance(tested, Reference):
            models |= only.of_network(kind, graph, tested)
        del graph  # the next graph need not be in memory beside this one
    warnings += _slower(models)
    expected = _expected(plan, given, references["compressed"])
    made = Made(models, None, None, warnings, expected, plain=only.plain if only else {})
    if by_metric is not None:
        both = dict(zip(states, judgements, strict=True))
        made = replace(
            made, judged=Judged(metric=by_metric.name, better=by_metric.better, samples=len(data.test_x), **both)
        )
    known = results["dense"], results["compressed"]
    if known[0] is not None and known[1] is not None:
        return replace(made, accuracy=Accuracy(samples=len(data.test_x), dense=known[0], compressed=known[1]))
    return replace(made, fidelity=fidelity(given, references["dense"], references["compressed"]))


def _expected(plan: _Plan, given: Prepared, tested: Reference | Named) -> tuple[Floats, ...]:
    """The outputs of the compressed network in memory for test and validation samples; see ``Made``."""
    if not plan.float16 or not isinstance(tested, Reference):
        return ()
    validation = torch.from_numpy(given.data.validation_x[:SAMPLES])
    return tested.expected, outputs(given.network, validation).numpy() if len(validation) else tested.expected[:0]


def _of_network(
    plan: _Plan,
    graph: ir.Model,
    kind: Kind,
    how: Format,
    of_network: Reference | Named,
    results: Sequence[StageResult],
    warnings: list[str],
) -> dict[str, ModelFile]:
    """The files of one network in one format. What is left out, and why, is added to ``warnings``.

    Raises:
        NoFormError: the format cannot express the network.
    """
    smaller = kind == "compressed"
    beside = replace(of_network, dense=plan.folder / f"{STEMS['dense']}.{how.name}")
    against = replace(beside, narrower=macs_ratio(results) is not None) if smaller else of_network
    write = partial(write_float, graph, kind=how, settings=plan.settings, reference=against, compress=smaller)
    made = dict([_export(plan.folder, kind, how, write, plan.progress)])
    if not isinstance(beside, Reference):
        return made  # the other kinds are refused where inputs go by their names
    for variant, writes, asked in plan.variants(kind):
        write = partial(writes, graph, kind=how, settings=plan.settings, reference=beside)
        try:
            name, file = _export(plan.folder, variant, how, write, plan.progress)
        except EdgecompressError as error:
            if asked:
                raise
            warnings.append(left_out(plan.folder, f"{STEMS[variant]}.{how.name}", error))
        else:
            made[name] = file
    return made


def left_out(folder: Path, name: str, error: EdgecompressError) -> str:
    """Take away a file that the board would have had and that nobody asked for, and return the warning about it."""
    path = folder / name
    path.unlink(missing_ok=True)
    return f"no {name}: {str(error).removeprefix(f'{path}: ')}"


def _int8(board: Target, given: Prepared) -> tuple[bool, list[str]]:
    """Return whether there are to be int8 files, and a note for the user."""
    recipe = given.context.recipe
    if recipe.export.int8 != "auto":
        return recipe.export.int8, []
    fits = given.data.classes and len(given.data.train_x) and not given.model.one_by_one
    if "dotprod" not in board.features or not fits or given.model.by_name:
        return False, []
    if recipe.reconstruct is not None and recipe.reconstruct.inputs == "synthetic":
        return False, []
    try:
        check_installed()
    except MissingDependencyError as error:
        return False, [f"{board.name} computes fast in int8, but {error}; or set export.int8=false"]
    return True, []


def _int8_of(settings: Export, results: Sequence[StageResult]) -> Collection[str]:
    """The networks that get int8 files: the dense one too, where the compressed one cannot lead."""
    before, after = results[0].top_1, results[-1].top_1
    if settings.int8 == "auto" and before is not None and after is not None and before - after > settings.lead_drop:
        return {"dense", "compressed"}
    return settings.int8_of


def _float16(board: Target, given: Prepared) -> bool:
    """Return whether there are to be files that compute in float16."""
    asked = given.context.recipe.export.float16_arithmetic
    return not given.model.by_name and ("fp16" in board.features if asked == "auto" else asked)


def _slower(models: Mapping[str, ModelFile]) -> list[str]:
    """Notes on files that take longer than the dense one, although the network is narrower."""
    found = []
    for name, file in models.items():
        latency = file.verification.latency
        if file.kind == "compressed" and latency is not None and latency.limit is None and latency.low > LATENCY:
            found.append(
                f"{name} takes {latency.ratio:.2f} times as long as {latency.dense} on this machine; kernels like "
                "numbers of channels that are multiples of 8 (structure.align), and structure.latency measures"
            )
    return found


def macs_ratio(results: Sequence[StageResult]) -> float | None:
    """Multiply-accumulates before structured pruning / after it; ``None`` where there was none."""
    removed = structured(results)
    return None if removed is None else removed.macs_ratio


def _export(
    folder: Path, kind: Kind, how: Format, write: Callable[[Path], VerifiedFile], progress: Progress
) -> tuple[str, ModelFile]:
    """Write one model file and prove it. Returns its name and its entry in the manifest."""
    name = f"{STEMS[kind]}.{how.name}"
    progress(f"export {name}", 0, 1, "writing and proving")
    path = folder / name
    made = write(path)
    trim_heap()
    progress(f"export {name}", 1, 1, f"{made.ledger.file_bytes:,} bytes, proved")
    return name, ModelFile(
        runtime=how.runtime,
        kind=kind,
        bytes=path.stat().st_size,
        sha256=bundle.digest(path),
        input_layout=how.layout,
        runs_in=made.runs_in,
        ledger=made.ledger,
        verification=made.verification,
        memory=made.memory,
        accuracy=made.accuracy,
    )
