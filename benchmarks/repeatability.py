"""Whether two runs of bench on one machine agree: of pairs of runs, how many overlap in their intervals.

    python benchmarks/repeatability.py BUNDLE [--file model.onnx] [--pairs 10] [--seconds 60] [--allow-noisy] [--keep]

Each run is bench in mode standard, whole, with a process for each step, of the file and of its runtime's dense file.
Two intervals of 95 % are compared between the two runs of a pair, both as the record of a run has them:

- of the file's median latency: ``latency.summary.p50_low`` to ``p50_high``;
- of the ratio of its median to the dense file's: ``comparisons[].latency.low`` to ``high``.

``--seconds`` shortens the timed part of a run, which standard takes 60 s for; the record says it. A run on a machine
that slowed down, swapped or shared its cores is refused as bench refuses it, unless --allow-noisy. Records of the runs
are kept in --work, and the same command goes on from there. --keep writes results/repeatability.json.

Exit code 1: fewer than nine of ten pairs overlap, in either interval.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import edgecompress
from edgecompress import bundle
from edgecompress.bench.protocol import MODES
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.run import bench
from edgecompress.deploy.agent_zip import agent_zip
from edgecompress.progress import silent
from edgecompress.record import short_arrays

WANTED = 0.9
RECORD = Path(__file__).parents[1] / "results" / "repeatability.json"

Interval = tuple[float, float]


def mode(seconds: float | None) -> str:
    """The mode of the runs: standard, or standard with another length, under a name that says so."""
    if seconds is None or seconds == MODES["standard"].min_seconds:
        return "standard"
    name = f"standard, {seconds:g} s"
    MODES[name] = MODES["standard"].model_copy(update={"mode": name, "min_seconds": seconds})
    return name


def small(source: Path, folder: Path, name: str) -> Path:
    """A bundle with this file and its runtime's dense one alone."""
    manifest = bundle.load(source)
    if name not in manifest.models:
        sys.exit(f"{source} has no {name}; it has {', '.join(manifest.models)}")
    runtime = manifest.models[name].runtime
    models = {
        each: file
        for each, file in manifest.models.items()
        if each == name or (file.runtime == runtime and file.kind == "dense")
    }
    copy = folder / "bundle"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("bench"))
    bundle.write_manifest(copy, manifest.model_copy(update={"models": models}))
    return copy


def kept(path: Path, given: argparse.Namespace, name: str, sha256: str) -> BenchRecord | None:
    """The record of an earlier run of just this."""
    if not path.is_file():
        return None
    record = BenchRecord.from_file(path)
    file = record.files.get(given.file)
    same = record.protocol == MODES[name] and record.tool_version == edgecompress.__version__
    same = same and record.agent_sha256 == hashlib.sha256(agent_zip()).hexdigest()
    same = same and record.threads == given.threads and file is not None and file.sha256 == sha256
    if not same:
        sys.exit(f"{path} is of another run: remove it, or give another --work")
    return record


def intervals(record: BenchRecord, name: str) -> dict[str, Interval]:
    """What is compared between two runs."""
    latency = record.files[name].latency
    if latency is None:
        sys.exit(f"{name} was not timed: {record.files[name].failures}")
    low, high = latency.summary.p50_low, latency.summary.p50_high
    assert low is not None
    assert high is not None
    found = {"median": (low, high)}
    for each in record.comparisons:
        if each.compressed == name:
            found["ratio"] = (each.latency.low, each.latency.high)
    return found


def main() -> None:
    """Take the runs that are missing, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--file", default="model.onnx")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, help="of the timed part of a run; default: standard's")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--allow-noisy", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("dist/repeatability"))
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    name = mode(given.seconds)
    records = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = small(given.bundle, Path(temporary), given.file)
        sha256 = bundle.load(folder).models[given.file].sha256
        for number in range(2 * given.pairs):
            path = given.work / f"{number:02}.json"
            record = kept(path, given, name, sha256)
            if record is None:
                part = given.work / f"{number:02}.part.json"
                record, _ = bench(folder, mode=name, threads=given.threads, output=part, progress=silent)
                if record.validity.disturbed and not given.allow_noisy:
                    sys.exit(
                        f"the run was disturbed: {'; '.join(record.validity.disturbed)} (or --allow-noisy); {part}"
                    )
                part.rename(path)
            records.append(record)
            bounds = {what: f"{low:.6g} to {high:.6g}" for what, (low, high) in intervals(record, given.file).items()}
            print(f"run {number:2}: " + ", ".join(f"{what} {each}" for what, each in bounds.items()), flush=True)
    found = [intervals(record, given.file) for record in records]
    pairs = list(zip(found[::2], found[1::2], strict=True))
    counts = {}
    for what in found[0]:
        counts[what] = sum(
            first[what][0] <= second[what][1] and second[what][0] <= first[what][1] for first, second in pairs
        )
        print(f"{what}: {counts[what]} of {len(pairs)} pairs overlap in their 95 % intervals")
    medians = [latency.summary.p50 for record in records if (latency := record.files[given.file].latency)]
    print(f"medians of all runs: {min(medians) / 1e6:.4f} to {max(medians) / 1e6:.4f} ms")
    if given.keep:
        first = records[0]
        document = {
            "taken": first.created,
            "cpu": first.before.cpu,
            "file": given.file,
            "sha256": sha256,
            "bundle": first.bundle.model_dump(mode="json"),
            "protocol": first.protocol.model_dump(mode="json"),
            "threads": given.threads,
            "noisy_allowed": given.allow_noisy,
            "agent_sha256": first.agent_sha256,
            "pairs": len(pairs),
            "overlapping": counts,
            "runs": [
                {
                    "created": record.created,
                    "p50_ns": median,
                    **{what: list(bounds) for what, bounds in each.items()},
                    "concerns": record.validity.concerns,
                }
                for record, median, each in zip(records, medians, found, strict=True)
            ],
        }
        RECORD.write_text(short_arrays(json.dumps(document, indent=2)) + "\n", encoding="utf-8")
    sys.exit(1 if min(counts.values()) < WANTED * len(pairs) else 0)


if __name__ == "__main__":
    main()
