"""The stages in a row: model -> compress -> export -> verify -> bundle."""

import datetime
import importlib.metadata
import io
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

import edgecompress
from edgecompress import bundle, target
from edgecompress.bundle import (
    STEMS,
    Accuracy,
    DataInfo,
    Fidelity,
    Kind,
    Manifest,
    ModelFile,
    ModelInfo,
    PlainFile,
    Ratios,
)
from edgecompress.compress import stages
from edgecompress.compress.checkpoints import State
from edgecompress.compress.evaluate import judged
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.masks import ratio
from edgecompress.compress.record import StageResult
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import CheckError, InputError
from edgecompress.export.container.pack import pack_container
from edgecompress.export.int8.calibration import calibration
from edgecompress.export.named import Named
from edgecompress.export.pack import CONTAINER
from edgecompress.export.proved import KINDS, Calibrated, FileKind, Proved, Reference, write_float, write_int8
from edgecompress.heap import frugal, give_back
from edgecompress.progress import Progress
from edgecompress.record import write_atomically
from edgecompress.references import fidelity, reference, samples_of
from edgecompress.report.card import card
from edgecompress.request import Prepared, Request, prepare
from edgecompress.target import Target

PROOF_SAMPLES = 256
VERSIONS_OF = ("torch", "onnx", "onnx-ir", "onnxruntime", "ai-edge-litert", "numpy")
EVAL = "eval.npz"
INT8: dict[Kind, Kind] = {"dense": "dense-int8", "compressed": "int8"}
QUANTIZER = "ai-edge-quantizer"  # onnxruntime's is a part of it
# Processors whose int8 sums never saturate. A profile for "any" may be run on one whose sums do.
EIGHT_BITS = ("aarch64", "armv7l")


def build(request: Request, *, progress: Progress, warn: Callable[[str], None]) -> tuple[Path, Manifest]:
    """Make a bundle. Returns its folder and its manifest.

    Raises:
        EdgecompressError: one of its kinds; the message is one line that says what to do.
    """
    board = target.load(request.target)
    folder = request.output or Path("dist") / f"{request.name}-{board.name}"
    bundle.check_replaceable(folder)
    given = prepare(request, progress=progress, warn=warn)
    with nullcontext() if len(given.data.train_x) else frugal():
        compressed = stages.compress(given.network, given.context, trained=given.trained)
    with bundle.staged(folder) as staging, frugal():
        manifest = _write(staging, request, board, given, compressed, progress)
        for message in manifest.warnings:
            warn(message)
        warnings = given.warnings + manifest.warnings + _over_budget(manifest, warn)
        manifest = manifest.model_copy(update={"warnings": warnings})
        bundle.write_manifest(staging, manifest)
    return folder, manifest


def _write(
    folder: Path,
    request: Request,
    board: Target,
    given: Prepared,
    compressed: stages.Compressed,
    progress: Progress,
) -> Manifest:
    """Write everything but the manifest into ``folder``, and return that."""
    data, network, own, recipe_used = given.data, given.network, given.own, given.context.recipe
    files = {EVAL: _eval(folder, given, request.eval_samples)}
    made = _models(folder, board, given, compressed, progress)
    models = made.models
    for name in [name for name, file in models.items() if file.kind in ("compressed", "int8")]:
        files[f"{name}{CONTAINER}"] = _container(folder, name, progress)
    packages = (*VERSIONS_OF, *([QUANTIZER] if recipe_used.export.int8 else []))
    weights = compressible(network, recipe_used)
    manifest = Manifest(
        tool_version=edgecompress.__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        model=ModelInfo(
            name=own.name if own else request.model,
            width=recipe_used.width,
            parameters=sum(compressed.dense[name].numel() for name, _ in network.named_parameters()),
            input_shape=list(data.input_shape),
            checkpoint=str(request.checkpoint) if request.checkpoint else None,
            source=own.source if own else None,
            sha256=own.sha256 if own else None,
            inputs=list(own.ends.inputs) if own else [],
            outputs=list(own.ends.outputs) if own else [],
        ),
        data=DataInfo.of(data),
        target=board,
        recipe=recipe_used,
        stages=compressed.stages,
        accuracy=made.accuracy,
        fidelity=made.fidelity,
        ratios=Ratios(
            weights=ratio(weights, of=sum(compressed.dense[f"{name}.weight"].numel() for name in weights)),
            macs=_macs_ratio(compressed.stages),
            onnx=models["dense.onnx"].bytes / models["model.onnx"].bytes,
            tflite=models["dense.tflite"].bytes / models["model.tflite"].bytes if "model.tflite" in models else None,
        ),
        models=models,
        files=files,
        warnings=made.warnings,
        versions={name: importlib.metadata.version(name) for name in packages},
    )
    write_atomically(folder / "README.md", card(manifest))
    return manifest.model_copy(update={"files": files | {"README.md": _plain(folder / "README.md", "model card")}})


@dataclass(frozen=True)
class _Made:
    """Every model file, and what is known of both networks."""

    models: dict[str, ModelFile]
    accuracy: Accuracy | None
    fidelity: Fidelity | None
    warnings: list[str]


def _models(folder: Path, board: Target, given: Prepared, compressed: stages.Compressed, progress: Progress) -> _Made:
    """Write and prove every model file, and judge both networks on the test set."""
    data, network, settings = given.data, given.network, given.context.recipe.export
    test = (torch.from_numpy(data.test_x), torch.from_numpy(data.test_y))
    x = data.test_x[:PROOF_SAMPLES]
    inputs = calibration(data.train_x, settings.int8_samples) if settings.int8 else data.train_x[:0]
    calibrated = Calibrated(inputs, folder / EVAL, seven_bits=board.arch not in EIGHT_BITS)
    states: dict[Kind, State] = {"dense": compressed.dense, "compressed": compressed.compressed}
    results: dict[Kind, float | None] = {}
    said: dict[Kind, Reference | Named] = {}
    models: dict[str, ModelFile] = {}
    warnings: list[str] = []
    kinds = list(KINDS)
    for kind, state in states.items():
        load_state(network, state)
        results[kind] = judged(network, test)
        graph = given.graph(network)
        of_network = reference(given, graph, x)
        said[kind] = of_network
        for each in list(kinds):
            dense = folder / f"{STEMS['dense']}.{each.format}"
            smaller = kind == "compressed"
            against = replace(of_network, dense=dense) if smaller and isinstance(of_network, Reference) else of_network
            write = partial(write_float, graph, kind=each, settings=settings, reference=against, compress=smaller)
            try:
                name, models[name] = _export(folder, kind, each, write, progress)
            except InputError as error:
                # A network of the user's own may have operators that only ONNX has; a built-in one has none.
                if given.own is None or each.format != "tflite":
                    raise
                warnings.append(f"no TFLite file: {error}")
                kinds.remove(each)
                continue
            if settings.int8 and kind in settings.int8_of:
                assert isinstance(of_network, Reference), "int8 is refused where inputs go by their names"
                write = partial(
                    write_int8,
                    graph,
                    kind=each,
                    settings=settings,
                    reference=replace(of_network, dense=dense),
                    given=calibrated,
                    compress=smaller,
                )
                name, models[name] = _export(folder, INT8[kind], each, write, progress)
        del graph, write  # the next graph need not be in memory beside this one
    known = results["dense"], results["compressed"]
    if known[0] is not None and known[1] is not None:
        return _Made(models, Accuracy(samples=len(data.test_x), dense=known[0], compressed=known[1]), None, warnings)
    return _Made(models, None, fidelity(given, said["dense"], said["compressed"]), warnings)


def _macs_ratio(results: Sequence[StageResult]) -> float | None:
    """Multiply-accumulates before structured pruning / after it; ``None`` where there was none."""
    for result in results:
        if result.stage == "structure":
            return float(result.details["macs_before"]) / float(result.details["macs_after"])
    return None


def _export(
    folder: Path, kind: Kind, how: FileKind, write: Callable[[Path], Proved], progress: Progress
) -> tuple[str, ModelFile]:
    """Write one model file and prove it. Returns its name and its entry in the manifest."""
    name = f"{STEMS[kind]}.{how.format}"
    progress(f"export {name}", 0, 1, "writing and proving")
    path = folder / name
    made = write(path)
    give_back()
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


def _container(folder: Path, name: str, progress: Progress) -> PlainFile:
    """Pack a model file for storage and transfer, beside it."""
    path = folder / f"{name}{CONTAINER}"
    pack_container(folder / name, path, progress=progress)
    return _plain(
        path, f"{name} for storage and transfer: 'edgecompress unpack', or the agent, makes the same file of it"
    )


def _eval(folder: Path, given: Prepared, samples: int | None) -> PlainFile:
    """Write the test set, or the first ``samples`` of it, as the ONNX file takes it."""
    data = given.data
    count = min(samples or len(data.test_x), len(data.test_x))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **samples_of(given, count))
    write_atomically(folder / EVAL, buffer.getvalue())
    which = (
        "the whole test set" if count == len(data.test_x) else f"the first {count} of {len(data.test_x)} test samples"
    )
    if not data.classes:
        return _plain(folder / EVAL, f"{count} inputs as model.onnx takes them, by name, or as x where it takes one")
    return _plain(folder / EVAL, f"{which}: x as model.onnx takes it, y the classes")


def _plain(path: Path, what: str) -> PlainFile:
    return PlainFile(bytes=path.stat().st_size, sha256=bundle.digest(path), what=what)


def _over_budget(manifest: Manifest, warn: Callable[[str], None]) -> list[str]:
    """Compare the file that the target prefers with the target's budget. Returns what was warned of.

    Raises:
        CheckError: it is over, and the profile enforces its budget.
    """
    budget, runtime = manifest.target.budget, manifest.target.runtimes[0]
    smaller = {f.runtime: (n, f) for n, f in manifest.models.items() if f.kind == "compressed"}
    name, file = smaller.get(runtime) or smaller["onnxruntime"]
    over = []
    if budget.file_kib is not None and file.bytes > 1024 * budget.file_kib:
        over.append(
            f"{name} has {file.bytes / 1024:,.0f} KiB, {manifest.target.name}'s budget is {budget.file_kib} KiB; "
            "raise prune.sparsity, or lower cluster.bits or width in the recipe"
        )
    if budget.memory_mib is not None and file.memory.peak is not None and file.memory.peak > 2**20 * budget.memory_mib:
        over.append(
            f"{name} took {file.memory.peak / 2**20:,.0f} MiB at its peak on this machine, {manifest.target.name}'s "
            f"budget is {budget.memory_mib} MiB; lower width in the recipe, or choose another network"
        )
    if over and budget.enforce:
        raise CheckError(" ".join(over))
    for message in over:
        warn(message)
    return over
