"""What loading costs in several releases of onnxruntime: load time, peak and resident memory, dense and encoded.

    python benchmarks/loads.py [RELEASE ...] [--width 1.0]

The network is that of benchmarks/encode.py. Each release is installed by pip into a folder of its own, and every load
is in a new process; the least of five is taken, on one thread. Run it alone on the machine. It writes
results/loads.json, from which the table in docs/runtimes.md is made.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from network import network

from edgecompress.formats.onnx.network import write_onnx
from encode import cpu

RELEASES = ("1.20.1", "1.22.1", "1.24.4", "1.26.0", "1.28.0", "1.30.0", "1.32.0")
RECORD = Path(__file__).parents[1] / "results" / "loads.json"
RUNS = 5


def install(release: str, folder: Path) -> Path:
    """The release alone; what else it needs is in this environment."""
    target = folder / release
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(target), f"onnxruntime=={release}"], check=True)
    return target


def measured(model: Path, library: Path, release: str) -> dict[str, float]:
    """Load time in milliseconds, and memory of the process in MiB: at its peak, and after load and ``malloc_trim``."""
    job = model.with_suffix(".json")
    job.write_text(json.dumps({"file": str(model), "layout": "channels_first", "threads": 1}), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(library), os.environ.get("PYTHONPATH", "")])}
    events = []
    for _ in range(RUNS):
        command = [sys.executable, "-m", "edgecompress.agent", "memory", str(job)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        events.append(json.loads(done.stdout.splitlines()[-1]))
    assert all(event["version"] == release for event in events), f"another onnxruntime than {release} was loaded"
    return {
        "load": min(event["load_ns"] for event in events) / 1e6,
        "peak": min(event["peak"] for event in events) / 2**20,
        "resident": min(event["after_load"]["rss"] for event in events) / 2**20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", nargs="*", default=RELEASES, metavar="RELEASE")
    parser.add_argument("--width", type=float, default=1.0)
    given = parser.parse_args()
    rows: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model, _ = network(given.width)
        files = {name: folder / f"{name}.onnx" for name in ("dense", "fast-load", "smallest")}
        write_onnx(model, files["dense"], compress=False)
        for mode in ("fast-load", "smallest"):
            write_onnx(model, files[mode], compress=True, encoding=mode)
        for release in given.releases:
            library = install(release, folder)
            rows[release] = {name: measured(path, library, release) for name, path in files.items()}
            cells = [f"{name} {row['load']:.0f} ms, {row['peak']:.0f} MiB" for name, row in rows[release].items()]
            print(f"{release:<8}" + "; ".join(cells), flush=True)
    record = {
        "taken": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": cpu(),
        "width": given.width,
        "releases": rows,
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
