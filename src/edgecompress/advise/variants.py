"""The files of a micro-benchmark: the network as it is, and what each kind of compression makes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress import bundle
from edgecompress.advise.records import Change, Variant
from edgecompress.advise.subject import Subject
from edgecompress.compress.cluster.algorithms.kmeans import kmeans
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.export.kinds import Kind
from edgecompress.formats import find
from edgecompress.formats.contract import Format, Layout
from edgecompress.int8.program import check_installed
from edgecompress.progress import Progress
from edgecompress.target import Runtime, Target

SPARSITY = 0.9
PAIR = 2  # of output channels, which sparse kernels take at once
BITS = 5
CALIBRATION = 32  # samples: the ranges decide no latency
LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class VariantFile:
    """A file that was written, as ``bench.contract.ToMeasure`` has it."""

    variant: Variant
    runtime: Runtime
    kind: Kind
    bytes: int
    sha256: str
    input_layout: Layout
    tolerance: tuple[float, float] | None = None


def write_variants(
    given: Subject, folder: Path, board: Target, runtimes: list[Runtime], progress: Progress
) -> tuple[dict[str, VariantFile], dict[str, str]]:
    """Write every variant that can be made into ``folder``.

    Args:
        given: the network.
        folder: for the files, named ``CHANGE.SUFFIX``.
        board: the profile they are for.
        runtimes: those to write for.
        progress: called with each file.

    Returns:
        The files by name, those of a runtime with the unchanged network first; and what could not be made, with the
        reason.
    """
    inputs = np.random.default_rng(0).standard_normal((CALIBRATION, *given.network.input_shape)).astype(np.float32)
    pruned = prune_and_cluster(given.graph)
    files: dict[str, VariantFile] = {}
    left_out: dict[str, str] = {}
    if given.half is None:
        left_out["half"] = "of an ONNX file no channels are removed: only built-in networks are made at half the width"
    for kind in (each for each in find.of_profiles() if each.runtime in runtimes):
        write: Callable[..., object] = kind.write
        pruning = f"{SPARSITY:.0%} of each layer's weights zero, the others {2**BITS} values a layer, encoded"
        makers: dict[Change, tuple[Kind, str, Callable[[Path], object]]] = {
            "none": ("dense", "float32", partial(write, given.graph, compress=False)),
            "pruned": ("compressed", pruning, partial(write, pruned, compress=True)),
            "int8": ("dense-int8", "int8 weights and activations", partial(_int8, given.graph, kind, inputs)),
        }
        if given.half is not None:
            what = "half of the channels of every hidden layer, in multiples of 8, float32"
            makers["half"] = ("compressed", what, partial(write, given.half, compress=False))
        if "fp16" in board.features:
            what = "weights rounded to float16, and computed in float16 on this processor"
            makers["float16-arithmetic"] = ("float16", what, partial(_float16, given.graph, kind, inputs))
        in_pairs = prune_in_pairs(given.graph) if kind.skips_zeros and board.sparse_kernels else None
        if in_pairs is not None:
            what = f"{SPARSITY:.0%} of the weights of 1x1 convolutions zero, in pairs of output channels"
            makers["pairs"] = ("compressed", what, partial(write, in_pairs, compress=True))
        if "float16" in kind.tolerances:
            what = "weights rounded to float16, computed in float32"
            makers["float16"] = ("compressed", what, partial(write, given.graph, compress=True, weights="float16"))
        for change, (holds, what, make) in makers.items():
            name = f"{'dense' if change == 'none' else change}.{kind.name}"
            progress(f"write {name}", 0, 1)
            try:
                make(folder / name)
            except EdgecompressError as error:
                left_out[name] = str(error)
                if change == "none":
                    break  # there is nothing to compare with
                continue
            size = (folder / name).stat().st_size
            digest = bundle.digest(folder / name)
            runtime = cast(Runtime, kind.runtime)
            files[name] = VariantFile(Variant(change=change, what=what), runtime, holds, size, digest, kind.layout)
            progress(f"write {name}", 1, 1, f"{size:,} bytes")
    return files, left_out


def prune_and_cluster(graph: ir.Model) -> ir.Model:
    """A copy of ``graph`` in which each layer has its largest weights, as ``2**BITS`` values by k-means, and zeros.

    Each layer gets the same sparsity: magnitudes of weights that were never trained say nothing about layers.
    """
    made = graph.clone()
    for name in sorted({str(node.inputs[1].name) for node in made.graph if _reads_a_weight(node) and node.inputs[1]}):
        value = made.graph.initializers[name]
        assert value.const_value is not None
        weight = value.const_value.numpy()
        value.const_value = ir.tensor(_few_values(weight), name=name)
    return made


def prune_in_pairs(graph: ir.Model) -> ir.Model | None:
    """A copy of ``graph`` whose 1x1 convolutions keep their largest pairs of output channels; ``None``: it has none."""
    made = graph.clone()
    names = set()
    for node in made.graph:
        weight = node.inputs[1] if node.op_type == "Conv" and _reads_a_weight(node) else None
        if weight is None or weight.const_value is None or node.attributes.get_int("group", 1) != 1:
            continue
        array = weight.const_value.numpy()
        if array.ndim != 4 or array.shape[2:] != (1, 1) or array.shape[0] % PAIR or weight.name in names:
            continue
        names.add(weight.name)
        pairs = array.reshape(len(array) // PAIR, PAIR, -1)
        size = np.abs(pairs).sum(axis=1, keepdims=True)
        zeros = min(round(SPARSITY * size.size), size.size - 1)  # of very few one pair stays
        limit = np.partition(size.ravel(), zeros)[zeros]
        weight.const_value = ir.tensor(np.where(size < limit, 0, pairs).reshape(array.shape), name=weight.name)
    return made if names else None


def _few_values(weight: Floats) -> Floats:
    kept = max(1, weight.size - round(SPARSITY * weight.size))
    flat = weight.ravel()
    largest = np.argpartition(np.abs(flat), weight.size - kept)[weight.size - kept :]
    # Centroids of a recipe are float16 unless it says otherwise.
    centroids = kmeans(flat[largest], 2**BITS).astype(np.float16).astype(np.float32)
    nearest = np.searchsorted((centroids[1:] + centroids[:-1]) / 2, flat[largest])
    made = np.zeros_like(flat)
    made[largest] = centroids[nearest]
    return made.reshape(weight.shape)


def _reads_a_weight(node: ir.Node) -> bool:
    weight = node.inputs[1] if node.op_type in LAYERS and len(node.inputs) > 1 else None
    tensor = weight.const_value if weight is not None else None
    return tensor is not None and weight is not None and weight.is_initializer() and tensor.dtype == ir.DataType.FLOAT


def _int8(graph: ir.Model, kind: Format, inputs: Floats, path: Path) -> None:
    check_installed()
    if kind.int8 is None:
        raise InputError(f"there is no int8 arithmetic for {kind.title}")
    kind.int8(graph, path, inputs, compress=False, encoding="fast-load")


def _float16(graph: ir.Model, kind: Format, inputs: Floats, path: Path) -> None:
    if kind.float16 is None:
        raise InputError(f"there is no float16 arithmetic for {kind.title}")
    kind.float16(graph, path, inputs, compress=False, encoding="fast-load")
