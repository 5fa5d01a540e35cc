"""Our TFLite files beside litert-torch's of the same networks: outputs, operators, latency, and theirs packed.

    python benchmarks/beside_litert_torch.py [NETWORK ...] [--python PYTHON] [--size 224] [--keep]

Networks are those of foreign_networks.py, compressed as architectures.py does. litert-torch converts in a process of
its own, with channels last as our files have them; --python is the Python of an environment with litert-torch,
torchvision and timm (pip install 'edgecompress[dev,litert-torch]'). Both dense files are run in turn (ABBA), on one
thread, in eight processes; the interval is that of edgecompress bench. Exit code 1: outputs differ, or the whole
interval of a ratio lies above 1.05. --keep puts the rows into results/litert-torch.json, from which the table in
docs/tflite.md is made.
"""

import argparse
import collections
import datetime
import importlib.metadata
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from architectures import TOLERANCE, compress
from foreign_networks import NETWORKS, network
from safetensors.torch import save_file
from torch import nn

from edgecompress.export.pack import pack
from edgecompress.export.verify import compare_outputs, outputs
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.isolated.process import run_step
from edgecompress.progress import silent
from edgecompress.record import short_arrays
from edgecompress.sources.to_onnx import to_onnx
from edgecompress.timing.ratio import latency_ratio
from encode import cpu

RECORD = Path(__file__).parents[1] / "results" / "litert-torch.json"
USUAL = ("resnet18", "mobilenet_v2", "ds_cnn")
LIMIT = 1.05
SAMPLES = 4
PROCESSES = 8


def converted(module: nn.Module, name: str, size: int, python: str, folder: Path) -> Path:
    """What litert-torch makes of the network.

    Raises:
        subprocess.CalledProcessError: it failed; what it said is on stderr.
    """
    weights, file = folder / "weights.safetensors", folder / "litert_torch.tflite"
    save_file({key: tensor.contiguous() for key, tensor in module.state_dict().items()}, weights)
    script = Path(__file__).with_name("convert_with_litert_torch.py")
    command = [python, str(script), name, str(size), str(weights), str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return file


def operators(path: Path) -> dict[str, int]:
    """How many of each operator a file has."""
    _, model = model_file.parse(path)
    names = (model_file.operator_name(model, each) for graph in model.subgraphs for each in graph.operators)
    return dict(sorted(collections.Counter(names).items()))


def latencies(files: list[Path], seconds: float) -> tuple[list[list[int]], list[int]]:
    """Nanoseconds of each file in the same rounds, in an order that alternates, and how many rounds each process took.

    Of two equal files, the one loaded first can be 2 to 4 % slower, so each is first in every second process. On a busy
    machine one process is slower than another: each one's times are put on the scale of the first.
    """
    samples: dict[str, list[int]] = {file.name: [] for file in files}
    scale, processes = None, []
    for number in range(PROCESSES):
        job = {
            "files": [{"file": str(file), "layout": "channels_last"} for file in files[:: -1 if number % 2 else 1]],
            "warmup": 5,
            "min_runs": 30,
            "min_seconds": seconds / PROCESSES,
            "max_seconds": 600,
            "threads": 1,
        }
        events = run_step("latency", job, files[0], seconds=1800)
        found = {event["file"]: event["samples_ns"] for event in events if event["event"] == "latency"}
        median = statistics.median(found[files[-1].name])
        scale = scale or median
        processes.append(len(found[files[0].name]))
        for name, times in found.items():
            samples[name] += [round(each * scale / median) for each in times]
    return list(samples.values()), processes


def measured(name: str, size: int, python: str, folder: Path, seconds: float) -> dict[str, Any]:
    """The row of one network.

    Raises:
        CheckError: a file does not compute what PyTorch does, or its weights cannot be packed.
    """
    shape = NETWORKS[name].input_shape(size)
    random = torch.from_numpy(np.random.default_rng(0).normal(size=(SAMPLES + 16, *shape)).astype(np.float32))
    module = network(name, size, random[SAMPLES:])
    compress(module)
    x = random[:SAMPLES]
    with torch.no_grad():
        expected = module(x).numpy()
    ours, theirs = folder / "edgecompress.tflite", converted(module, name, size, python, folder)
    write_tflite(to_onnx(module, shape), ours, compress=False)
    for file in (ours, theirs):
        made, _, _ = outputs(file, x.numpy(), layout="channels_last")
        compare_outputs(file, made, expected, absolute_tolerance=0, relative_tolerance=TOLERANCE)
    samples, processes = latencies([ours, theirs], seconds)
    packed = pack(theirs, folder / "packed.tflite", encoding="smallest", progress=silent)
    return {
        "input": shape,
        "operators": {"edgecompress": operators(ours), "litert-torch": operators(theirs)},
        "milliseconds": [round(float(np.median(each)) / 1e6, 3) for each in samples],
        "runs": len(samples[0]),
        "latency": latency_ratio(*samples, processes=processes)._asdict(),
        "bytes": {"edgecompress": ours.stat().st_size, "litert-torch": packed.source_bytes, "packed": packed.bytes},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--size", type=int, default=224, help="height and width of images")
    parser.add_argument("--seconds", type=float, default=20.0, help="timed rounds take at least this long")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    failed = False
    for name in given.networks or USUAL:
        with tempfile.TemporaryDirectory() as folder:
            row = measured(name, given.size, given.python, Path(folder), given.seconds)
        found = row["latency"]
        slow = found["low"] > LIMIT
        failed |= slow
        print(
            f"{name:<20}{found['ratio']:.3f} ({found['low']:.3f} to {found['high']:.3f}) of {row['milliseconds'][1]} ms"
            f"{': TOO SLOW' if slow else ''}  {row['operators']}  {row['bytes']}",
            flush=True,
        )
        if given.keep:
            _keep(name, row)
    sys.exit(failed)


def _keep(name: str, row: dict[str, Any]) -> None:
    kept = json.loads(RECORD.read_text(encoding="utf-8"))["networks"] if RECORD.is_file() else {}
    kept[name] = row
    record = {
        "taken": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": cpu(),
        "versions": {package: importlib.metadata.version(package) for package in ("torch", "ai-edge-litert")},
        "networks": {each: kept[each] for each in NETWORKS if each in kept},
    }
    RECORD.write_text(short_arrays(json.dumps(record, indent=2)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
