#!/usr/bin/env python3
"""The main job from scratch: builds, measured against what each must reach, and kept as records.

Usage: python benchmarks/main_job.py [JOB ...] [--data-dir DIR] [--cache-dir DIR] [--keep]

Each job is `edgecompress build` with an empty cache, then `edgecompress bench --device local`; the figures are read
from the manifest and the record that these wrote. --keep copies both to results/, from which README's table is made.
--cache-dir takes stages that are kept there, and keeps new ones; how long builds take is then not judged.
Exit code 1 if a limit is missed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edgecompress import bundle
from edgecompress.bench.records import BenchRecord
from edgecompress.manifest import Manifest

RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True)
class Job:
    """A build, and the least or the most that it must reach."""

    model: str
    data: str
    mode: str
    seconds: float  # of build and bench together, most
    drop: float  # points of test accuracy, most
    weights: float  # weights / weights kept, least
    onnx: float  # bytes of dense.onnx / model.onnx, least
    latency: float = 1.05  # lower end of the interval of compressed / dense, most
    recipe: str | None = None  # the pair's own where there is none


JOBS = {
    "digits": Job("alexnet", "digits", "quick", seconds=120, drop=0.5, weights=10, onnx=10),
    "fashion-mnist": Job("alexnet", "fashion-mnist", "standard", seconds=1200, drop=0.5, weights=10, onnx=20),
    "uci-har": Job("resnet18", "uci-har", "standard", seconds=1200, drop=0.5, weights=10, onnx=10),
    "uci-har-alexnet": Job("alexnet", "uci-har", "standard", seconds=600, drop=0.5, weights=10, onnx=10),
    "digits-rate": Job(
        "alexnet", "digits", "quick", seconds=150, drop=1.0, weights=20, onnx=90, recipe="alexnet-digits+rate"
    ),
    "uci-har-alexnet-rate": Job(
        "alexnet", "uci-har", "standard", seconds=900, drop=0.5, weights=20, onnx=80, recipe="alexnet-uci-har+rate"
    ),
    "uci-har-fast": Job(
        "resnet18",
        "uci-har",
        "standard",
        seconds=1800,
        drop=1.0,
        weights=10,
        onnx=10,
        latency=1 / 3,
        recipe="resnet18-uci-har-fast",
    ),
}


def run(job: Job, data_dir: str | None, cache: Path, folder: Path) -> tuple[float, Manifest, BenchRecord, Path]:
    """Build and measure; the seconds it took, and what was written."""
    program = [sys.executable, "-m", "edgecompress"]
    where = ["--data-dir", data_dir] if data_dir else []
    build = ["build", "--target", "rpi4", "--model", job.model, "--data", job.data, "--cache-dir", cache]
    build += ["--recipe", job.recipe] if job.recipe else []
    started = time.monotonic()
    subprocess.run([*program, *build, "-o", folder / "bundle", *where], check=True)
    seconds = time.monotonic() - started
    record = folder / "record.json"
    subprocess.run([*program, "bench", folder / "bundle", "--mode", job.mode, "-o", record], check=True)
    if job.mode == "quick":
        seconds = time.monotonic() - started
    return seconds, bundle.load(folder / "bundle"), BenchRecord.from_file(record), record


def judge(job: Job, seconds: float | None, manifest: Manifest, record: BenchRecord) -> list[tuple[str, str, str, bool]]:
    """Rows of (figure, reached, asked, held)."""
    drop = manifest.accuracy.dense - manifest.accuracy.compressed
    rows = [
        (
            "seconds",
            "-" if seconds is None else f"{seconds:.0f}",
            f"at most {job.seconds:.0f}",
            (seconds or 0) <= job.seconds,
        ),
        ("test accuracy drop, points", f"{drop:.2f}", f"at most {job.drop}", drop <= job.drop),
        (
            "weights / weights kept",
            f"{manifest.ratios.weights:.2f}",
            f"at least {job.weights}",
            # Pruning rounds to whole weights: 10x of a number that ten does not divide is 9.99999...
            manifest.ratios.weights >= job.weights - 0.005,
        ),
        (
            "ONNX file, times smaller",
            f"{manifest.ratios.files['onnx']:.1f}",
            f"at least {job.onnx}",
            manifest.ratios.files["onnx"] >= job.onnx,
        ),
        ("TFLite file, times smaller", f"{manifest.ratios.files['tflite']:.1f}", "-", True),
    ]
    for each in record.comparisons:
        held = each.latency.low <= job.latency
        interval = f"{each.latency.ratio:.3f} ({each.latency.low:.3f} to {each.latency.high:.3f})"
        rows.append((f"latency ratio, {each.runtime}", interval, f"not over {job.latency:.3g}", held))
    for name in ("model.onnx", "model.tflite"):
        measured = record.files[name].accuracy
        assert measured is not None, f"{name} did not run"
        held = abs(measured.percent - manifest.accuracy.compressed) <= 0.3
        rows.append((f"accuracy of {name}, %", f"{measured.percent:.2f}", f"{manifest.accuracy.compressed:.2f}", held))
    return rows


def main() -> None:
    """Run the jobs named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=", ".join(JOBS))
    parser.add_argument("--data-dir")
    parser.add_argument("--cache-dir", type=Path)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.jobs) - set(JOBS):
        parser.error(f"unknown job {unknown.pop()}; choose from {', '.join(JOBS)}")
    missed = False
    for name in given.jobs or JOBS:
        job = JOBS[name]
        with tempfile.TemporaryDirectory() as temporary:
            cache = given.cache_dir or Path(temporary) / "cache"
            seconds, manifest, record, path = run(job, given.data_dir, cache, Path(temporary))
            rows = judge(job, None if given.cache_dir else seconds, manifest, record)
            if given.keep:
                kept = RESULTS / (job.recipe or f"{job.model}-{job.data}")
                kept.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(temporary) / "bundle" / bundle.MANIFEST, kept / bundle.MANIFEST)
                shutil.copy(path, kept / "record.json")
        table = Table("figure", "reached", "asked", "", title=f"{job.model} on {manifest.data.name}")
        for figure, reached, asked, held in rows:
            table.add_row(figure, reached, asked, "yes" if held else "MISSED")
            missed |= not held
        Console().print(table)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
