"""Weights encoded, side by side with how others store them: bytes, load, memory, latency, exactness.

A VGG16BN-shaped network with synthetic weights (Laplace, 90 % zeros, 32 k-means centroids a layer: nothing here speaks
of accuracy), and the models of bundles that ``edgecompress build`` wrote. Every load and every peak is the least of
several processes of their own; latency is measured in pairs with the dense file. Run it alone on the machine:

    python benchmarks/encode.py [--threads 1] [--width 1.0] [--bundle DIR ...] [--keep]

Exit code 1: a size misses its limit, or a file is not exact. Times and memory that miss theirs are said to.
--keep writes results/encodings.json, from which README's table is made.
"""

import argparse
import datetime
import importlib.metadata
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rivals
from network import network

from edgecompress.agent.ecz import unpack
from edgecompress.bundle import load as load_bundle
from edgecompress.export.inspect import inspect
from edgecompress.export.verify import compare_latency
from edgecompress.formats.ecz.pack import pack_container
from edgecompress.formats.onnx.compress import compress_weights
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.onnx.pack import pack_onnx
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.isolated.process import run_step

MODES = ("fast-load", "smallest")
RUNS = 5
RECORD = Path(__file__).parents[1] / "results" / "encodings.json"


@dataclass
class Row:
    """A model file beside the dense one."""

    load: float  # milliseconds
    peak: float  # MiB
    latency: float
    exact: bool


class Limits:
    """What has to be reached, and what was not."""

    def __init__(self) -> None:
        self.failed = False
        self.checked: list[dict[str, object]] = []

    def check(self, what: str, value: float, limit: float, *, least: bool = False, decides: bool = True) -> None:
        """Print whether ``value`` is within ``limit``; with ``decides``, a miss is the exit code."""
        good = value >= limit if least else value <= limit
        self.failed |= decides and not good
        self.checked.append({"what": what, "value": round(value, 4), "limit": limit, "held": good})
        print(f"  {what:<58}{value:>9.3f}  {'at least' if least else 'at most'} {limit:g}: {'yes' if good else 'NO'}")


def quiet(*_: object) -> None:
    """No progress."""


def measured(path: Path, threads: int) -> tuple[float, float]:
    """Load time in milliseconds and peak memory in MiB: the least of several fresh processes."""
    job = {"file": str(path), "layout": "channels_first", "threads": threads}
    events = [run_step("memory", job, path, seconds=600)[-1] for _ in range(RUNS)]
    return min(event["load_ns"] for event in events) / 1e6, min(event["peak"] for event in events) / 2**20


def row(path: Path, dense: Path, threads: int, arrays: dict[str, np.ndarray] | None) -> Row:
    """Measure a file; ``arrays`` are what it must hold to be exact."""
    ratio = compare_latency(path, dense, threads=threads, limit=float("1e9")).ratio if path != dense else 1.0
    decoded = decoded_weights(path)
    exact = arrays is not None and all(
        name in decoded and decoded[name].tobytes() == array.tobytes() for name, array in arrays.items()
    )
    return Row(*measured(path, threads), ratio, exact)


def seconds(work: Callable[[], object]) -> float:
    """The median of three times that ``work`` takes."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def synthetic(folder: Path, threads: int, width: float, limits: Limits) -> dict[str, object]:
    """The table of the synthetic network, and its limits; what of it is kept."""
    model, arrays = network(width)
    dense = folder / "dense.onnx"
    bound = write_onnx(model, dense, compress=False).entropy_bytes
    files = {"dense": dense} | {name: folder / f"{name}.onnx" for name in ("float16", "sparse", "int8")}
    rivals.float16(dense, files["float16"])
    rivals.sparse(dense, files["sparse"])
    rivals.int8(dense, files["int8"])
    for mode in MODES:
        files[mode] = folder / f"{mode}.onnx"
        write_onnx(model, files[mode], compress=True, encoding=mode)
    rows = {name: row(path, dense, threads, arrays) for name, path in files.items()}
    for name in (*MODES, "sparse"):
        assert rows[name].exact, f"{name} does not decode to the weights it was made from"
    packed = folder / "dense.onnx.ecz"
    pack_container(dense, packed, progress=quiet)
    sizes = {name: path.stat().st_size for name, path in files.items()}
    sizes |= {**rivals.compressed(dense), ".ecz": packed.stat().st_size}
    count = sum(array.size for array in arrays.values())
    print(f"\nVGG16BN-shaped, {count:,} parameters; entropy bound {bound:,} bytes; {threads} thread(s)\n")
    table(sizes, rows, bound)
    for mode, size, load in (("smallest", 1.03, 5), ("fast-load", 1.20, 2)):
        limits.check(f"{mode} / bound", sizes[mode] / bound, size)
        limits.check(f"{mode}: latency / dense", rows[mode].latency, 1.02, decides=False)
        limits.check(f"{mode}: load time / dense", rows[mode].load / rows["dense"].load, load, decides=False)
    peak = rows["fast-load"].peak / rows["dense"].peak
    limits.check("fast-load: peak memory / dense", peak, 1.5, decides=False)
    for mode in MODES:
        rate = 4 * count / 1e6 / seconds(lambda mode=mode: compress_weights(model.clone(), mode))
        limits.check(f"{mode}: encoding, MB of float32 a second", rate, 20, least=True, decides=False)
    lite = folder / "model.tflite"
    own = write_tflite(model, lite, compress=True).entropy_bytes
    containers = []
    for what, file, of in (
        ("dense ONNX", dense, bound),
        ("fast-load ONNX", files["fast-load"], bound),
        ("smallest ONNX", files["smallest"], bound),
        ("sparse float16 TFLite", lite, own),
    ):
        found = container(file, packed)
        limits.check(f".ecz of the {what} file / bound", packed.stat().st_size / of, 1.02)
        containers.append({"file": what, "bound": of, **found})
    for what, least in (("unpacked", 100), ("packed", 20)):
        rate = 4 * count / 1e6 / containers[0][what]
        limits.check(f".ecz of dense ONNX: {what}, MB of float32 a second", rate, least, least=True, decides=False)
    # Folding BatchNorm makes few values many, and the order-0 bound of the TFLite file easy to meet: so the other too.
    limits.check(".ecz of the TFLite file / bound of the ONNX weights", packed.stat().st_size / bound, 1.02)
    # What is not in ``rows`` does not run as it is, and gives back what it was made of.
    kept: dict[str, object] = {
        name: {"bytes": size, "runs": name in rows, "exact": True, **(vars(rows[name]) if name in rows else {})}
        for name, size in sizes.items()
    }
    kept["TFLite, sparse, float16"] = {"bytes": lite.stat().st_size, "runs": True, "exact": False}
    kept[".ecz of that TFLite file"] = {"bytes": packed.stat().st_size, "runs": False, "exact": False}
    return {"parameters": count, "bound": bound, "threads": threads, "rows": kept, "containers": containers}


def table(sizes: dict[str, int | None], rows: dict[str, Row], bound: int) -> None:
    """Print all of them, one under the other."""
    base, dense = rows["dense"], sizes["dense"]
    assert dense
    print(f"{'':<12}{'bytes':>12}{'smaller':>9}{'x bound':>9}{'load':>8}{'peak':>8}{'latency':>9}  exact, runs")
    for name, size in sizes.items():
        if size is None:
            print(f"{name:<12}  not measured: not installed")
            continue
        line = f"{name:<12}{size:>12,}{dense / size:>8.2f}x{size / bound:>9.3f}"
        each = rows.get(name)
        if each:
            line += f"{each.load / base.load:>7.2f}x{each.peak / base.peak:>7.2f}x{each.latency:>8.3f}x"
            print(f"{line}  {'yes' if each.exact else 'no'}, yes")
        else:
            print(f"{line}{'':>25}  yes, no")
    print(f"\ndense: loads in {base.load:.0f} ms, {base.peak:.0f} MiB at its peak (Python and onnxruntime included)\n")


def container(file: Path, packed: Path) -> dict[str, float]:
    """Pack a file: bytes of both, and the seconds that packing (with its check) and unpacking take."""
    back = packed.with_name(f"back{file.suffix}")
    taken = seconds(lambda: pack_container(file, packed, progress=quiet))
    given_back = seconds(lambda: unpack(packed, back))
    assert back.read_bytes() == file.read_bytes(), "the container does not unpack to what was packed"
    sizes = {"bytes": file.stat().st_size, "container": packed.stat().st_size}
    return {**sizes, "packed": taken, "unpacked": given_back}


def bundle(path: Path, name: str, folder: Path, threads: int, limits: Limits) -> dict[str, object]:
    """The compressed models of the bundle called ``name``; what of it is kept."""
    model, dense = path / "model.onnx", path / "dense.onnx"
    bound = inspect(model).entropy_bytes
    arrays = decoded_weights(model)
    print(f"\n{name}: dense ONNX {dense.stat().st_size:,} bytes, entropy bound of the compressed weights {bound:,}\n")
    base = row(dense, dense, threads, None)
    kept: dict[str, object] = {"dense": dense.stat().st_size, "bound": bound}
    for mode in MODES:
        file = folder / f"{path.name}-{mode}.onnx"
        pack_onnx(model, file, encoding=mode)
        found = row(file, dense, threads, arrays)
        kept[mode] = {"bytes": file.stat().st_size, **vars(found)}
        assert found.exact, f"{file.name} does not decode to the weights of {model}"
        print(
            f"  {mode:<10}{file.stat().st_size:>11,} bytes, load {found.load / base.load:.2f}x, peak "
            f"{found.peak / base.peak:.2f}x, latency {found.latency:.3f}x"
        )
        limits.check(f"{mode} / bound", file.stat().st_size / bound, 1.03 if mode == "smallest" else 1.2, decides=False)
    for file in (model, path / "model.tflite"):
        packed = folder / f"{path.name}-{file.name}.ecz"
        pack_container(file, packed, progress=quiet)
        what = f".ecz of {file.name} / bound of its weights"
        limits.check(what, packed.stat().st_size / inspect(file).entropy_bytes, 1.02, decides=False)
        kept[packed.suffix[1:] + file.suffix] = packed.stat().st_size
    return kept


def cpu() -> str:
    """What the processor is called."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--width", type=float, default=1.0, help="factor on the number of channels; 0: skip")
    parser.add_argument("--bundle", type=Path, action="append", default=[], help="a folder that build wrote")
    parser.add_argument("--keep", action="store_true", help="write results/encodings.json")
    arguments = parser.parse_args()
    limits = Limits()
    kept: dict[str, object] = {"taken": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
    kept["cpu"] = cpu()
    kept["versions"] = {name: importlib.metadata.version(name) for name in ("onnxruntime", "numpy", "onnx")}
    with tempfile.TemporaryDirectory() as folder:
        if arguments.width:
            kept["synthetic"] = synthetic(Path(folder), arguments.threads, arguments.width, limits)
        bundles = {}
        for path in arguments.bundle:
            manifest = load_bundle(path)
            name = f"{manifest.model.name}, {manifest.data.name}"
            bundles[name] = bundle(path, name, Path(folder), arguments.threads, limits)
    if arguments.keep:
        document = {**kept, "bundles": bundles, "limits": limits.checked}
        RECORD.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if limits.failed else 0)


if __name__ == "__main__":
    main()
