"""Networks that others wrote: PyTorch to ONNX and TFLite, compressed, packed, and every file compared with PyTorch.

    python benchmarks/architectures.py [NETWORK ...] --data-dir DIR [--size 224] [--keep]

For each network of foreign_networks.py, dense and with 90 % of each layer's weights pruned and the others clustered
without data: the outputs of onnxruntime and LiteRT beside PyTorch's, on noise and on real inputs; then both files and
containers of them are packed, the decoded weights compared bit by bit, and the outputs once more. Exit code 1: an
output differs by more than the tolerance, or a weight by a bit. Where PyTorch's own float32 is further than the
tolerance from its float64, no file can be asked to be nearer: then twice that is allowed. Times are seconds of user
CPU, of child processes too.
--keep puts the rows into results/architectures.json, from which the table in docs/models.md is made; rows of networks
that were not named stay.
"""

import argparse
import copy
import datetime
import importlib.metadata
import json
import resource
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from foreign_networks import NETWORKS, network
from torch import nn

from edgecompress.agent.ecz import unpack
from edgecompress.compress.cluster.algorithms.kmeans import kmeans
from edgecompress.errors import EdgecompressError
from edgecompress.export.inspect import inspect
from edgecompress.export.pack import pack
from edgecompress.export.verify import bit_identical, outputs
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.inspection import decoded_weights_tflite
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.progress import silent
from edgecompress.record import short_arrays
from edgecompress.sources import datasets
from edgecompress.sources.to_onnx import grapher
from encode import cpu

RECORD = Path(__file__).parents[1] / "results" / "architectures.json"
LAYOUTS = {".onnx": "channels_first", ".tflite": "channels_last"}
# As a fraction of the largest output: float32 sums in another order, through up to 120 layers.
TOLERANCE = 1e-4
SAMPLES = 4
CALIBRATION = 16
SPARSITY, CENTROIDS = 0.9, 31
_LAYERS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.LSTM)


def user_seconds() -> float:
    """User CPU time of this process and of the children that have ended."""
    return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


class Check:
    """PyTorch's outputs on inputs of several kinds, and how far those of a file are from them."""

    def __init__(self, module: nn.Module, inputs: dict[str, torch.Tensor]) -> None:
        self.x = torch.cat(list(inputs.values()))
        self.ends = np.cumsum([len(x) for x in inputs.values()])[:-1]
        self.kinds = list(inputs)
        with torch.no_grad():
            self.expected = module(self.x).numpy()
            exact = copy.deepcopy(module).double()(self.x.double()).numpy()
        self.float32 = self._differences(self.expected, exact)
        assert all(np.ptp(y) > 0 for y in self._parts(self.expected)), "a network of constant outputs shows nothing"

    def _parts(self, array: np.ndarray) -> list[np.ndarray]:
        return np.split(array, self.ends)

    def __call__(self, path: Path) -> dict[str, float]:
        """The largest difference for each kind of inputs, as a fraction of the largest output."""
        y, _, _ = outputs(path, self.x.numpy(), layout=LAYOUTS[path.suffix])
        expected = self.expected
        assert y.shape == expected.shape, f"{path.name}: outputs of shape {y.shape}, not {expected.shape}"
        return self._differences(y, expected)

    def _differences(self, y: np.ndarray, expected: np.ndarray) -> dict[str, float]:
        pairs = zip(self.kinds, self._parts(y), self._parts(expected), strict=True)
        return {kind: float(np.abs(a - b).max() / np.abs(b).max()) for kind, a, b in pairs}


def compress(module: nn.Module) -> None:
    """Prune each layer to 90 % by magnitude and cluster what is left, in place and without any data."""
    for layer in module.modules():
        for name, parameter in layer.named_parameters(recurse=False) if isinstance(layer, _LAYERS) else ():
            if parameter.ndim < 2 or name.endswith("bias"):
                continue
            flat = parameter.detach().numpy().reshape(-1)
            pruned = round(SPARSITY * flat.size)
            flat[np.argpartition(np.abs(flat), pruned)[:pruned]] = 0
            kept = np.flatnonzero(flat)
            if len(kept):
                centroids = kmeans(flat[kept], CENTROIDS)
                flat[kept] = centroids[np.searchsorted((centroids[1:] + centroids[:-1]) / 2, flat[kept])]


def real_inputs(name: str, size: int, folder: Path, training: int, test: int) -> torch.Tensor:
    """That many standardised training samples and test samples, one after the other, (N, channels, ...).

    Raises:
        InputError: the data set is not in ``folder``.
    """
    wanted = NETWORKS[name]
    data = _dataset(wanted.data, folder)
    x = torch.from_numpy(np.concatenate([data.train_x[:training], data.test_x[:test]]))
    shape = wanted.input_shape(size)
    if len(shape) == 3:
        return nn.functional.interpolate(x, shape[1:], mode="bilinear", align_corners=False)
    return x[:, :5].reshape(len(x), -1) if len(shape) == 1 else x


@cache
def _dataset(name: str, folder: Path) -> Any:
    return datasets.load(name, folder, download=False)


def same_weights(source: Path, packed: Path) -> int:
    """How many weights both files hold, bit by bit the same.

    Raises:
        CheckError: one differs.
    """
    if source.suffix == ".onnx":
        return bit_identical(packed, decoded_weights(source))
    before, after = decoded_weights_tflite(source), decoded_weights_tflite(packed)
    held = {array.tobytes() for array in after.values()}  # equal weights are kept once, under one of their names
    assert all(array.tobytes() in held for array in before.values()), f"{packed}: weights are missing"
    assert all(after[name].tobytes() == before[name].tobytes() for name in before.keys() & after), (
        f"{packed}: they differ"
    )
    return len(before)


def measured(name: str, size: int, real: torch.Tensor, folder: Path) -> dict[str, Any]:
    """The row of one network, its files being written to ``folder``.

    ``real`` are inputs: the last ``SAMPLES`` are run, those before them give BatchNorm its statistics.
    """
    module = network(name, size, real[:-SAMPLES])
    shape = NETWORKS[name].input_shape(size)
    random = torch.from_numpy(np.random.default_rng(0).normal(size=(SAMPLES, *shape)).astype(np.float32))
    inputs = {"random": random, "real": real[-SAMPLES:]}
    started = user_seconds()
    graph_of = grapher(shape)
    graph = graph_of(module)
    seconds = {"to_onnx": user_seconds() - started}
    sources = _written(graph, folder)
    check = Check(module, inputs)
    difference = {f"dense{path.suffix}": check(path) for path in sources}
    float32 = {"dense": check.float32}
    compress(module)
    check = Check(module, inputs)
    graph = graph_of(module)
    started = user_seconds()
    sources = _written(graph, folder)
    seconds["write"] = user_seconds() - started
    sizes, weights = {}, {}
    for source in sources:
        kind, packed, container = source.suffix[1:], folder / f"packed{source.suffix}", folder / f"{source.name}.ecz"
        started = user_seconds()
        made = pack(source, packed, encoding="smallest", progress=silent)
        seconds[f"pack {kind}"] = user_seconds() - started
        boxed = pack(source, container, encoding="smallest", progress=silent)
        unpack(container, folder / "back")
        assert (folder / "back").read_bytes() == source.read_bytes(), f"{source.name}: its container holds another file"
        difference[packed.name] = check(packed)
        weights[kind] = same_weights(source, packed)
        sizes[kind] = {"dense": made.source_bytes, "packed": made.bytes, "ecz": boxed.bytes}
    # What build writes: weights rounded to float16.
    half = folder / "float16.tflite"
    write_tflite(graph, half, compress=True)
    sizes["tflite"]["float16"] = half.stat().st_size
    difference[half.name] = check(half)
    return {
        "origin": NETWORKS[name].origin,
        "input": shape,
        "data": NETWORKS[name].data,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "transposes": sum(operator.code == "TRANSPOSE" for operator in lower(graph).operators),
        "difference": difference,
        "float32": {**float32, "packed": check.float32},
        "weights": weights,
        "entropy": inspect(folder / "packed.onnx").entropy_bytes,
        "bytes": sizes,
        "seconds": {what: round(taken, 1) for what, taken in seconds.items()},
    }


def _written(graph: ir.Model, folder: Path) -> list[Path]:
    """The network as dense files."""
    paths = [folder / f"dense{suffix}" for suffix in LAYOUTS]
    write_onnx(graph, paths[0], compress=False)
    write_tflite(graph, paths[1], compress=False)
    return paths


def wrong(row: dict[str, Any]) -> list[str]:
    """The files whose outputs differ by more than they may; rounding to float16 is not judged by it."""
    found = []
    for name, differences in row["difference"].items():
        stage = name.partition(".")[0]
        for kind, each in differences.items():
            if stage in row["float32"] and not each <= max(TOLERANCE, 2 * row["float32"][stage][kind]):
                found.append(f"{name} {kind} {each:.1e}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    parser.add_argument("--data-dir", type=Path, required=True, help="CIFAR-10, Fashion-MNIST and UCI-HAR")
    parser.add_argument("--size", type=int, default=224, help="height and width of images")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.networks) - set(NETWORKS):
        parser.error(f"no network is called {', '.join(sorted(unknown))}; there are {', '.join(NETWORKS)}")
    failed = False
    for name in given.networks or NETWORKS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                real = real_inputs(name, given.size, given.data_dir, CALIBRATION, SAMPLES)
                row = measured(name, given.size, real, Path(folder))
            except EdgecompressError as error:
                print(f"{name:<20}FAILED: {error}", flush=True)
                failed = True
                continue
        bad = wrong(row)
        failed |= bool(bad)
        sizes = "; ".join(
            f"{kind} {each['dense']:,} to {each['packed']:,} B, .ecz {each['ecz']:,}"
            for kind, each in row["bytes"].items()
        )
        largest = max(max(each.values()) for file, each in row["difference"].items() if not file.startswith("float16"))
        print(f"{name:<20}{largest:.1e}{' WRONG: ' + ', '.join(bad) if bad else ''}  {sizes}  {row['seconds']}", end="")
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
        if given.keep and not bad:
            _keep(name, row)
    sys.exit(failed)


def _keep(name: str, row: dict[str, Any]) -> None:
    kept = json.loads(RECORD.read_text(encoding="utf-8"))["networks"] if RECORD.is_file() else {}
    kept[name] = row
    packages = ("torch", "torchvision", "timm", "segmentation_models_pytorch", "onnxruntime", "ai-edge-litert")
    record = {
        "taken": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": cpu(),
        "versions": {package: importlib.metadata.version(package) for package in packages},
        "sparsity": SPARSITY,
        "centroids": CENTROIDS,
        "tolerance": TOLERANCE,
        "samples": SAMPLES,
        "networks": {each: kept[each] for each in NETWORKS if each in kept},
    }
    RECORD.write_text(short_arrays(json.dumps(record, indent=2)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
