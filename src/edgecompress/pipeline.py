"""The stages in a row: model -> compress -> export -> verify -> bundle."""

import datetime
import importlib.metadata
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx_ir
import platformdirs
import torch
from numpy.typing import NDArray
from torch import nn

import edgecompress
from edgecompress import bundle, methods, recipe, target
from edgecompress.bundle import Accuracy, DataInfo, Manifest, ModelFile, ModelInfo, PlainFile, Ratios
from edgecompress.compress import stages
from edgecompress.compress.evaluate import accuracy, outputs
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.masks import ratio
from edgecompress.compress.train import TrainingData
from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import CheckError
from edgecompress.export.container.pack import pack_container
from edgecompress.export.contract import Format
from edgecompress.export.memory import memory
from edgecompress.export.pack import CONTAINER
from edgecompress.export.tflite.runtimes import runtimes
from edgecompress.export.verify import Verification, verify
from edgecompress.model import datasets, load
from edgecompress.model.datasets.contract import Dataset
from edgecompress.model.to_onnx import to_onnx
from edgecompress.progress import Progress
from edgecompress.record import write_atomically
from edgecompress.report.card import card
from edgecompress.target import Runtime, Target

FORMATS = "edgecompress.export.formats"
# Raised when a data set's split or standardisation changes, so that no checkpoint of the old one is taken.
DATA_VERSION = 1
PROOF_SAMPLES = 256
VERSIONS_OF = ("torch", "onnx", "onnx-ir", "onnxruntime", "ai-edge-litert", "numpy")


@dataclass(frozen=True)
class FileKind:
    """How the files of one format are run and judged."""

    format: str
    runtime: Runtime
    layout: Literal["channels_first", "channels_last"]


KINDS = (
    FileKind("onnx", "onnxruntime", "channels_first"),
    FileKind("tflite", "litert", "channels_last"),
)
# Relative to a sample's largest output. Half a unit in the last place of float16 is 2**-11, of int8 2**-8 of the
# largest weight of a channel; errors add up over the layers, and hybrid kernels round the inputs of each layer too.
EXACT = 1e-4
ROUNDED = {"float32": 1e-3, "float16": 2e-2, "int8": 1e-1, "int8-hybrid": 2.5e-1}


@dataclass(frozen=True)
class Request:
    """What ``build`` is asked for. ``None`` takes the default that the command line documents."""

    target: str
    model: str = "alexnet"
    data: str = "digits"
    recipe: str | None = None
    changes: tuple[str, ...] = ()
    checkpoint: Path | None = None
    encoding: Mode | None = None
    output: Path | None = None
    data_dir: Path | None = None
    cache_dir: Path | None = None
    download: bool = True
    eval_samples: int | None = None


def build(request: Request, *, progress: Progress, warn: Callable[[str], None]) -> tuple[Path, Manifest]:
    """Make a bundle. Returns its folder and its manifest.

    Raises:
        EdgecompressError: one of its kinds; the message is one line that says what to do.
    """
    board = target.load(request.target)
    methods.find(load.NETWORKS, request.model)  # before its recipe: a misspelt network has none
    changes = (*request.changes, *([f"export.encoding={request.encoding}"] if request.encoding else []))
    chosen = recipe.load(request.recipe or recipe.default_name(request.model, request.data), changes)
    name = f"{request.model}-{request.data}-{board.name}"
    folder = request.output or Path("dist") / name
    bundle.check_replaceable(folder)
    data = datasets.load(request.data, request.data_dir, download=request.download, progress=progress)
    warnings = [] if data.source.official else [f"{data.name}: {data.source.note}"]
    for message in warnings:
        warn(message)
    torch.manual_seed(chosen.seed)
    network = load.network(request.model, data.input_shape, len(data.classes), width=chosen.width)
    if request.checkpoint:
        load.load_checkpoint(network, request.checkpoint)
    context = stages.Context(
        recipe=chosen,
        training=TrainingData(_tensor(data.train_x), _tensor(data.train_y), data.shift, data.mirror),
        validation=(_tensor(data.validation_x), _tensor(data.validation_y)),
        folder=(request.cache_dir or platformdirs.user_cache_path("edgecompress")) / "stages",
        identity=_identity(request, data),
        progress=progress,
    )
    compressed = stages.compress(network, context, trained=request.checkpoint is not None)
    with bundle.staged(folder) as staging:
        manifest = _write(staging, request, board, data, network, compressed, context, progress)
        manifest = manifest.model_copy(update={"warnings": warnings + _over_budget(manifest, warn)})
        bundle.write_manifest(staging, manifest)
    return folder, manifest


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(array)


def _identity(request: Request, data: Dataset) -> dict[str, Any]:
    """What, beside the recipe, decides the weights that training ends with."""
    given = bundle.digest(request.checkpoint) if request.checkpoint else None
    return {"model": request.model, "data": data.source.sha256, "data_version": DATA_VERSION, "checkpoint": given}


def _write(
    folder: Path,
    request: Request,
    board: Target,
    data: Dataset,
    network: nn.Module,
    compressed: stages.Compressed,
    context: stages.Context,
    progress: Progress,
) -> Manifest:
    """Export both networks, prove the files, and write everything but the manifest into ``folder``."""
    recipe_used, shape = context.recipe, data.input_shape
    test = (_tensor(data.test_x), _tensor(data.test_y))
    results: dict[str, float] = {}
    models: dict[str, ModelFile] = {}
    for kind, state in (("dense", compressed.dense), ("compressed", compressed.compressed)):
        network.load_state_dict(state)
        results[kind] = accuracy(network, *test)
        expected = outputs(network, test[0][:PROOF_SAMPLES]).numpy()
        graph = to_onnx(network, shape)
        for each in KINDS:
            given = data.test_x[:PROOF_SAMPLES]
            name, models[name] = _export(folder, each, kind, graph, recipe_used.export, given, expected, progress)
    files = {"eval.npz": _eval(folder, data, request.eval_samples)}
    for name in [name for name, file in models.items() if file.kind == "compressed"]:
        files[f"{name}{CONTAINER}"] = _container(folder, name, progress)
    manifest = Manifest(
        tool_version=edgecompress.__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        model=ModelInfo(
            name=request.model,
            width=recipe_used.width,
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            input_shape=list(shape),
            checkpoint=str(request.checkpoint) if request.checkpoint else None,
        ),
        data=DataInfo(
            name=data.name,
            official=data.source.official,
            sha256=data.source.sha256,
            note=data.source.note,
            train=len(data.train_x),
            validation=len(data.validation_x),
            test=len(data.test_x),
            classes=list(data.classes),
        ),
        target=board,
        recipe=recipe_used,
        stages=compressed.stages,
        accuracy=Accuracy(samples=len(data.test_x), dense=results["dense"], compressed=results["compressed"]),
        ratios=Ratios(
            weights=ratio(compressible(network, recipe_used)),
            onnx=models["dense.onnx"].bytes / models["model.onnx"].bytes,
            tflite=models["dense.tflite"].bytes / models["model.tflite"].bytes,
        ),
        models=models,
        files=files,
        versions={name: importlib.metadata.version(name) for name in VERSIONS_OF},
    )
    write_atomically(folder / "README.md", card(manifest))
    return manifest.model_copy(update={"files": files | {"README.md": _plain(folder / "README.md", "model card")}})


def _export(
    folder: Path,
    kind: FileKind,
    which: str,
    graph: onnx_ir.Model,
    settings: recipe.Export,
    x: NDArray[np.float32],
    expected: NDArray[np.float32],
    progress: Progress,
) -> tuple[str, ModelFile]:
    """Write one model file and prove it. Returns its name and its entry in the manifest."""
    name = f"{'model' if which == 'compressed' else 'dense'}.{kind.format}"
    progress(f"export {name}", 0, 2, "writing")
    is_onnx = kind.format == "onnx"
    write: Format = methods.find(FORMATS, kind.format)
    options = {} if is_onnx else {"weights": settings.tflite_weights}
    ledger: Ledger = write(graph, folder / name, compress=which == "compressed", encoding=settings.encoding, **options)
    progress(f"export {name}", 1, 2, "proving")
    weights = {key: value.const_value.numpy() for key, value in graph.graph.initializers.items() if value.const_value}
    proof: Verification = verify(
        folder / name,
        x,
        expected,
        layout=kind.layout,
        weights={key: array for key, array in weights.items() if array.dtype == np.float32} if is_onnx else None,
        dense=folder / f"dense.{kind.format}" if which == "compressed" else None,
        relative_tolerance=EXACT if is_onnx else ROUNDED[settings.tflite_weights],
    )
    progress(f"export {name}", 2, 2, f"{ledger.file_bytes:,} bytes, proved")
    path = folder / name
    return name, ModelFile(
        runtime=kind.runtime,
        kind="compressed" if which == "compressed" else "dense",
        bytes=path.stat().st_size,
        sha256=bundle.digest(path),
        input_layout=kind.layout,
        runs_in=["onnxruntime >= 1.20"] if is_onnx else list(runtimes(path)),
        ledger=ledger,
        verification=proof,
        memory=memory(path, layout=kind.layout),
    )


def _container(folder: Path, name: str, progress: Progress) -> PlainFile:
    """Pack a model file for storage and transfer, beside it."""
    path = folder / f"{name}{CONTAINER}"
    pack_container(folder / name, path, progress=progress)
    return _plain(
        path, f"{name} for storage and transfer: 'edgecompress unpack', or the agent, makes the same file of it"
    )


def _eval(folder: Path, data: Dataset, samples: int | None) -> PlainFile:
    """Write the test set, or the first ``samples`` of it, as the ONNX file takes it."""
    count = min(samples or len(data.test_x), len(data.test_x))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=data.test_x[:count], y=data.test_y[:count])
    write_atomically(folder / "eval.npz", buffer.getvalue())
    which = (
        "the whole test set" if count == len(data.test_x) else f"the first {count} of {len(data.test_x)} test samples"
    )
    return _plain(folder / "eval.npz", f"{which}: x as model.onnx takes it, y the classes")


def _plain(path: Path, what: str) -> PlainFile:
    return PlainFile(bytes=path.stat().st_size, sha256=bundle.digest(path), what=what)


def _over_budget(manifest: Manifest, warn: Callable[[str], None]) -> list[str]:
    """Compare the file that the target prefers with the target's budget. Returns what was warned of.

    Raises:
        CheckError: it is over, and the profile enforces its budget.
    """
    budget, runtime = manifest.target.budget, manifest.target.runtimes[0]
    name, file = next((n, f) for n, f in manifest.models.items() if f.kind == "compressed" and f.runtime == runtime)
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
