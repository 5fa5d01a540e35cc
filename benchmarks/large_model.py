"""Peak memory of ``pack`` on a model of more than 100 million parameters, in times the size of its file.

    python benchmarks/large_model.py [--parameters 104e6] [--build] [--keep]

The model is synthetic: layers of 4096x4096, 90 % zeros, 31 values. It is packed from one file, and from one with its
weights in a second file, in both modes, each in a new process; every packed file is proved. ``pack`` is what the
program itself takes, ``proof`` the largest of the processes in which onnxruntime runs a file: both must be at most 3
times the file. ``load`` is a process in which onnxruntime loads the packed file with its defaults, as it will be where
the file is used: the runtime's own. With --build the first file is also built without data; there ``proof`` includes
the loading of both files side by side, for their latency. --keep writes results/large-model.json, from which the table
in docs/own-models.md is made.
"""

import argparse
import contextlib
import datetime
import importlib.metadata
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import psutil
from onnx import TensorProto, helper, numpy_helper

WIDTH = 4096
LIMIT = 3.0
RECORD = Path(__file__).parents[1] / "results" / "large-model.json"
_PACK = """
import sys
from pathlib import Path
from edgecompress.export.pack import pack
from edgecompress.progress import silent
pack(Path(sys.argv[1]), Path(sys.argv[2]), encoding=sys.argv[3], progress=silent)
"""
_LOAD = """
import sys
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
"""
_BUILD = """
import sys
from edgecompress.cli import main
source, folder = sys.argv[1:]
sys.argv[1:] = ["build", "--target", "host", "--model", source, "--output", f"{folder}/bundle"]
sys.argv += ["--cache-dir", f"{folder}/cache"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
# What a process that has ended took, getrusage says with its parent's memory in it, from before it became another
# program. So all are looked at while they run.
_SECONDS_BETWEEN_LOOKS = 0.01


def write(path: Path, parameters: int, *, external: bool) -> int:
    """A chain of dense layers with about so many parameters; how many there are."""
    random = np.random.default_rng(0)
    nodes, weights, value = [], [], "x"
    for number in range(max(1, round(parameters / WIDTH**2))):
        array = random.laplace(0, 0.02, (WIDTH, WIDTH)).astype(np.float32)
        step = np.float32(np.quantile(np.abs(array[:256]), 0.9))
        levels = np.round(array / step * 2).clip(-15, 15) / 2 * step
        array = np.where(np.abs(array) < step, 0, levels).astype(np.float32)
        weights.append(numpy_helper.from_array(array, f"layers.{number}.weight"))
        nodes.append(helper.make_node("Gemm", [value, weights[-1].name], [f"h{number}"], transB=1))
        nodes.append(helper.make_node("Relu", [f"h{number}"], [f"r{number}"]))
        value = f"r{number}"
    ends = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", WIDTH]) for name in ("x", value))
    graph = helper.make_graph(nodes, "large", *([end] for end in ends), weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path, save_as_external_data=external, location=f"{path.name}.data")
    return len(weights) * WIDTH**2


def peaks(program: str, size: int, *arguments: object) -> tuple[float, float]:
    """The peaks of a process that runs ``program`` and of the largest one that it starts, in multiples of ``size``."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    own = started = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        process = psutil.Process(running.pid)
        while running.poll() is None:
            with contextlib.suppress(psutil.Error, OSError, StopIteration):
                own = max(own, peak(running.pid))
                mine = process.cmdline()
                for each in process.children(recursive=True):
                    if each.cmdline() != mine:  # else it still has this one's memory, and is about to become another
                        started = max(started, peak(each.pid))
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    assert not running.returncode, command
    return own / size, started / size


def peak(pid: int) -> int:
    """The most that a process has taken yet, bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    """Print a row a case; exit code 1 if one takes more than the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parameters", type=float, default=104e6)
    parser.add_argument("--build", action="store_true", help="build it too; some minutes")
    parser.add_argument("--keep", action="store_true")
    wanted = parser.parse_args()
    rows: list[dict[str, Any]] = []

    def add(row: dict[str, Any]) -> None:
        rows.append(row)
        found = " ".join(f"{key} {row[key]:.2f}" for key in ("own", "proof", "load") if key in row)
        print(f"{row['what']}, {row['files']} file(s): {found} times {row['bytes']:,} bytes", flush=True)

    with tempfile.TemporaryDirectory(prefix="edgecompress-large-") as folder:
        for external in (False, True):
            source = Path(folder) / "model.onnx"
            parameters = write(source, int(wanted.parameters), external=external)
            size = sum(file.stat().st_size for file in Path(folder).glob("model.onnx*"))
            given = {"files": 1 + external, "bytes": size}
            for mode in ("fast-load", "smallest"):
                target = Path(folder) / "packed.onnx"
                own, proof = peaks(_PACK, size, source, target, mode)
                load, _ = peaks(_LOAD, size, target)
                packed = target.stat().st_size
                add({"what": f"pack {mode}", **given, "packed": packed, "own": own, "proof": proof, "load": load})
            if wanted.build and not external:
                own, proof = peaks(_BUILD, size, source, folder)
                add({"what": "build", **given, "own": own, "proof": proof})
            for file in Path(folder).glob("model.onnx*"):
                file.unlink()
    record = {
        "schema_version": 1,
        "taken": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {name: importlib.metadata.version(name) for name in ("onnxruntime", "torch")},
        "parameters": parameters,
        "limit": LIMIT,
        "rows": rows,
    }
    if wanted.keep:
        RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    sys.exit(any(max(row["own"], row["proof"]) > LIMIT for row in rows if row["what"] != "build"))


if __name__ == "__main__":
    main()
