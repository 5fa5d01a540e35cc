"""The stages in a row: model -> compress -> export -> verify -> bundle."""

import datetime
import importlib.metadata
import io
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

import edgecompress
from edgecompress import bundle, target
from edgecompress.bundle import EVAL
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.masks import ratio
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.run import run_all
from edgecompress.compress.structure.shapes import load_state
from edgecompress.compress.within import Within, within
from edgecompress.errors import CheckError, InputError
from edgecompress.export.kinds import COMPRESSED, STEMS
from edgecompress.export.pack import CONTAINER, boxed
from edgecompress.formats.onnx.network import compressed_bytes
from edgecompress.heap import low_memory
from edgecompress.int8.calibration import calibration
from edgecompress.int8.program import tflite_quantizer
from edgecompress.manifest import FrontPoint, Manifest, ModelFile, ModelInfo, PlainFile, Ratios
from edgecompress.progress import Progress
from edgecompress.record import write_atomically
from edgecompress.report.card import card
from edgecompress.sources.data.info import info
from edgecompress.target import Target
from edgecompress.workflows import microcontroller
from edgecompress.workflows.evaluation import evaluation, targets_name
from edgecompress.workflows.lead import settle
from edgecompress.workflows.microcontroller_files import COMPILED, flash_bytes
from edgecompress.workflows.model_files import macs_ratio, write_models
from edgecompress.workflows.prepared import Prepared
from edgecompress.workflows.reading import prepare
from edgecompress.workflows.references import samples_of
from edgecompress.workflows.request import Request

VERSIONS_OF = ("torch", "onnx", "onnx-ir", "onnxruntime", "ai-edge-litert", "numpy")


def build_bundle(request: Request, *, progress: Progress, warn: Callable[[str], None]) -> tuple[Path, Manifest]:
    """Make a bundle. Returns its folder and its manifest.

    Raises:
        EdgecompressError: one of its kinds; the message is one line that says what to do.
    """
    board = target.load(request.target).limited(file=request.size_budget, arena=request.arena_budget)
    request = microcontroller.asked(request, board)
    folder = request.output or Path("dist") / f"{request.name}-{board.name}"
    bundle.check_replaceable(folder)
    kept = None if request.from_front is None else _with_front(folder, request.from_front)
    front = kept.front if kept else []
    with microcontroller.int8_alone(board):
        given = prepare(request, progress=progress, warn=warn)
    if kept and request.from_front is not None:
        _check_same(kept, given, folder)
        given = _to_rate(given, front[request.from_front - 1].rate)
    with microcontroller.int8_alone(board):
        microcontroller.rehearse(board, given, progress=progress, warn=warn)
    with nullcontext() if len(given.data.train_x) else low_memory():
        if given.context.recipe.cluster.max_drop is None:
            compressed = run_all(given.network, given.context, trained=given.trained)
        else:
            found = within(given.network, given.context, trained=given.trained)
            compressed, front = found.chosen.made, _front(found, given, board)
    left_alone = [left for stage in compressed.stages if (left := stage.left_alone)]
    for message in left_alone:
        warn(message)
    with bundle.staged(folder) as staging, low_memory():
        manifest = _write(staging, request, board, given, compressed, front, progress)
        for message in manifest.warnings:
            warn(message)
        warnings = given.warnings + left_alone + manifest.warnings + _over_budget(manifest, warn)
        manifest = manifest.model_copy(update={"warnings": warnings})
        bundle.write_manifest(staging, manifest)
    return folder, manifest


def _front(found: Within, given: Prepared, board: Target) -> list[FrontPoint]:
    """The tried rates, as the bundle keeps them: with the bytes of ONNX, or of what a microcontroller has in flash."""
    points = []
    for each in found.attempts:
        last = each.made.stages[-1]
        load_state(given.network, each.made.last)
        points.append(
            FrontPoint(
                rate=each.rate,
                bytes=_bytes(given, board),
                sparsity=last.sparsity,
                validation_accuracy=last.accuracy,
                drop=each.drop,
            )
        )
    load_state(given.network, found.chosen.made.last)
    return points


def _bytes(given: Prepared, board: Target) -> int:
    """The bytes of the network's compressed file."""
    settings = given.context.recipe.export
    if board.is_microcontroller:
        return flash_bytes(given.graph(), board, calibration(given.data.train_x, settings.int8_samples))
    return compressed_bytes(given.graph(), settings.encoding)


def _with_front(folder: Path, number: int) -> Manifest:
    """The bundle that is there, of whose front the point ``number`` is asked for, counted from 1."""
    if not (folder / bundle.MANIFEST).is_file():
        raise InputError(f"{folder} is not a bundle; build it with --max-drop first, or name it with --output")
    manifest = Manifest.from_file(folder / bundle.MANIFEST)
    most = len(manifest.front)
    if not most:
        raise InputError(f"{folder} has no front; build it with --max-drop first")
    if not 1 <= number <= most:
        raise InputError(f"the front of {folder} has {most} points; --from-front takes 1 to {most}")
    return manifest


def _check_same(kept: Manifest, given: Prepared, folder: Path) -> None:
    """Make sure that the front is of the network and the data that are asked for."""
    asked = given.model.name, given.data.name
    if asked != (kept.model.name, kept.data.name):
        raise InputError(
            f"the front of {folder} is of {kept.model.name} on {kept.data.name}, not of {asked[0]} on {asked[1]}; give "
            "--model and --data as they were"
        )


def _to_rate(given: Prepared, rate: float) -> Prepared:
    """The same, to be compressed to ``rate`` alone."""
    recipe = given.context.recipe
    cluster = recipe.cluster.model_copy(update={"rate": rate, "max_drop": None})
    return replace(given, context=replace(given.context, recipe=recipe.model_copy(update={"cluster": cluster})))


def _write(
    folder: Path,
    request: Request,
    board: Target,
    given: Prepared,
    compressed: Run,
    front: list[FrontPoint],
    progress: Progress,
) -> Manifest:
    """Write everything but the manifest into ``folder``, and return that."""
    data, network, model, recipe_used = given.data, given.network, given.model, given.context.recipe
    files = {EVAL: _eval(folder, board, given, request.eval_samples)}
    made = write_models(folder, board, given, compressed, folder / EVAL, progress)
    judged = made.judged
    if judged and not board.is_microcontroller:  # bench judges no microcontroller
        how = evaluation(request, given, folder, f"{STEMS['compressed']}.onnx")
        judged = judged.model_copy(update={"evaluation": how})
    if (folder / bundle.METRIC).is_file():
        files[bundle.METRIC] = _plain(folder / bundle.METRIC, "the metric, which a device runs where the user agrees")
    if board.is_microcontroller:
        lead = microcontroller.lead(board, made.models, recipe_used.export.lead_drop)
    else:
        made, lead = settle(folder, made, board, given, compressed.stages, progress)
    models, files = made.models, files | made.plain
    for name in [name for name, file in models.items() if file.kind in COMPRESSED and not file.microcontroller]:
        files[f"{name}{CONTAINER}"] = _container(folder, name, progress)
    packages = (
        *VERSIONS_OF,
        *microcontroller.packages(board),
        *([tflite_quantizer()] if any("int8" in file.kind for file in models.values()) else []),
    )
    weights = compressible(network, recipe_used)
    parameters = [f"{name}.weight" if name else "weight" for name in weights]
    manifest = Manifest(
        tool_version=edgecompress.__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        model=ModelInfo(
            name=model.name,
            width=recipe_used.width,
            parameters=sum(compressed.dense[name].numel() for name, _ in network.named_parameters()),
            input_shape=list(data.input_shape),
            checkpoint=str(request.checkpoint) if request.checkpoint else None,
            source=None if model.built_in else model.source,
            sha256=model.sha256 or None,
            inputs=[] if model.built_in else list(model.signature.inputs),
            outputs=[] if model.built_in else list(model.signature.outputs),
        ),
        data=info(data),
        target=board,
        recipe=recipe_used,
        recipe_name=given.recipe_name,
        recipe_reason=given.recipe_reason,
        stages=compressed.stages,
        front=front,
        accuracy=made.accuracy,
        fidelity=made.fidelity,
        judged=judged,
        ratios=Ratios(
            weights=ratio(weights, of=sum(compressed.dense[name].numel() for name in parameters)),
            macs=macs_ratio(compressed.stages),
            files=_ratios(models),
        ),
        models=models,
        lead=lead,
        files=files,
        warnings=made.warnings,
        versions={name: importlib.metadata.version(name) for name in packages},
    )
    write_atomically(folder / "README.md", card(manifest))
    return manifest.model_copy(update={"files": files | {"README.md": _plain(folder / "README.md", "model card")}})


def _ratios(models: Mapping[str, ModelFile]) -> dict[str, float]:
    """Bytes of the dense file over those of the compressed one, by format."""
    compressed = {Path(name).suffix[1:]: file.bytes for name, file in models.items() if file.kind == "compressed"}
    dense = {Path(name).suffix[1:]: file.bytes for name, file in models.items() if file.kind == "dense"}
    return {name: dense[name] / size for name, size in compressed.items()}


def _container(folder: Path, name: str, progress: Progress) -> PlainFile:
    """Pack a model file for storage and transfer, beside it."""
    return _plain(
        boxed(folder / name, progress),
        f"{name} for storage and transfer: 'edgecompress unpack', or the agent, makes the same file of it",
    )


def _eval(folder: Path, board: Target, given: Prepared, samples: int | None) -> PlainFile:
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
        also = "" if given.objective is None else f", and {targets_name(given)} the targets"
        inputs = "inputs as model.onnx takes them, by name, or as x where it takes one"
        return _plain(folder / EVAL, f"{count} {inputs}{also}")
    taken = "channels first" if board.is_microcontroller else "as model.onnx takes it"
    return _plain(folder / EVAL, f"{which}: x {taken}, y the classes")


def _plain(path: Path, what: str) -> PlainFile:
    return PlainFile(bytes=path.stat().st_size, sha256=bundle.digest(path), what=what)


def _over_budget(manifest: Manifest, warn: Callable[[str], None]) -> list[str]:
    """Compare the file that the target prefers with the target's budget. Returns what was warned of.

    Raises:
        CheckError: it is over, and the profile enforces its budget.
    """
    over = _over_microcontroller(manifest) if manifest.target.is_microcontroller else _over(manifest)
    if over and manifest.target.budget.enforce:
        raise CheckError(" ".join(over))
    for message in over:
        warn(message)
    return over


def _over_microcontroller(manifest: Manifest) -> list[str]:
    """The excess of a microcontroller's file over its budget, a line each."""
    assert manifest.lead is not None
    file = manifest.models[manifest.lead.file]
    proof = file.microcontroller
    assert proof is not None
    if proof.vela is not None:
        return microcontroller.over_budget(manifest.target, COMPILED, proof.vela.file_bytes, proof)
    return microcontroller.over_budget(manifest.target, manifest.lead.file, file.bytes, proof)


def _over(manifest: Manifest) -> list[str]:
    """The excess of the file that a board with Linux prefers over its budget, a line each."""
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
    return over
