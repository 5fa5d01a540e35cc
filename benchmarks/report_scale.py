#!/usr/bin/env python3
"""How `report` grows with the number of builds: seconds of processor time for pages of 250, 1,000 and 5,000 of them.

Usage: python benchmarks/report_scale.py [--builds N ...] [--format html|markdown|csv]

The builds are the manifests of results/, each many times with another date. Checked: the page has a line for each file
of each build. Exit code 1: it has not, the largest page took more than 20 s, or a build of it costs more than 1.5 times
one of the page before.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
MOST_SECONDS, MOST_GROWTH = 20.0, 1.5
_RUN = """
import resource, sys
from edgecompress.cli import main
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss >> 10, file=sys.stderr)
"""


def write(folder: Path, builds: int) -> int:
    """Write so many manifests below ``folder``; how many model files they have together."""
    documents = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*/manifest.json"))]
    files = 0
    for i in range(builds):
        document = documents[i % len(documents)]
        document["created"] = f"2026-01-{1 + i // 86400:02}T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}+00:00"
        files += len(document["models"])
        path = folder / f"build-{i:05}" / "manifest.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(document, indent=2))
    return files


def measure(builds: int, format_: str) -> tuple[float, float, int, int, bool]:
    """Processor time and wall time in s, memory in MiB, bytes of the page, and whether it has every file."""
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        folder, page = Path(name), Path(name) / "page"
        files = write(folder / "builds", builds)
        command = [sys.executable, "-c", _RUN, "report", folder / "builds", "-o", page, "--format", format_]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
        used, memory = done.stderr.splitlines()[-1].split()
        text = page.read_text(encoding="utf-8")
        whole = format_ != "html" or text.count('<tr id="sizes-') == files
        return float(used), seconds, int(memory), page.stat().st_size, whole


def main() -> int:
    """Measure each number of builds, and say what a build costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--builds", type=int, nargs="+", default=[250, 1000, 5000])
    parser.add_argument("--format", default="html", choices=("html", "markdown", "csv"))
    given = parser.parse_args()
    costs, failed = [], False
    for builds in given.builds:
        used, seconds, memory, size, whole = measure(builds, given.format)
        costs.append(used / builds)
        print(
            f"{builds:5} builds: {used:5.1f} s of processor ({seconds:.1f} s), {1000 * used / builds:.2f} ms a build, "
            f"{memory} MiB, a page of {size / 1e6:.1f} MB{'' if whole else ', NOT WHOLE'}",
            flush=True,
        )
        failed |= not whole or used > MOST_SECONDS
    failed |= len(costs) > 1 and costs[-1] > MOST_GROWTH * costs[-2]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
