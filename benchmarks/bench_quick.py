"""Seconds from command to report: bench --mode quick on a device that is reached by ssh, which is this machine.

    python benchmarks/bench_quick.py BUNDLE [--times 3] [--keep]

The sshd is Debian's on a port of loopback, with keys of its own, as in the tests. Each time begins with a device that
holds nothing, and is followed by a second run, when the device holds the files already. Run it alone on the machine.

Exit code 1: one run took more than 15 s. --keep writes results/bench-quick.json.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edgecompress.record import short_arrays
from encode import cpu

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from tests.conftest import Sshd  # noqa: E402

LIMIT = 15.0
RECORD = ROOT / "results" / "bench-quick.json"


def run(folder: Path, environment: dict[str, str]) -> float:
    """Seconds of one command, which must print its report."""
    command = [sys.executable, "-m", "edgecompress", "bench", str(folder), "--device", "board", "--mode", "quick"]
    start = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode or "model.onnx" not in done.stdout:
        sys.exit(f"bench failed: {done.stderr or done.stdout}")
    return seconds


def main() -> None:
    """Print the seconds and judge them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    taken: dict[str, list[float]] = {"first": [], "second": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy = shutil.copytree(given.bundle, folder / "bundle", ignore=shutil.ignore_patterns("bench"))
        (folder / "sshd").mkdir()
        board = Sshd(folder / "sshd")
        environment = {
            **os.environ,
            "PATH": f"{board.folder}/bin:{os.environ['PATH']}",
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        device = [sys.executable, "-m", "edgecompress", "devices", "add", "board", f"ssh://{board.address}"]
        device += ["--python", sys.executable, "--folder", str(board.root)]
        subprocess.run(device, env=environment, check=True, capture_output=True)
        board.start()
        try:
            for _ in range(given.times):
                shutil.rmtree(board.root, ignore_errors=True)
                for which, seconds in taken.items():
                    seconds.append(run(copy, environment))
                    print(f"{which} run: {seconds[-1]:.1f} s", flush=True)
        finally:
            board.stop()
    slowest = max(max(seconds) for seconds in taken.values())
    print(f"at most {LIMIT:g} s: {'yes' if slowest <= LIMIT else 'NO'}")
    if given.keep:
        record = {
            "taken": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "cpu": cpu(),
            "load": os.getloadavg(),
            "bundle": {path.name: path.stat().st_size for path in sorted(given.bundle.iterdir()) if path.is_file()},
            "limit": LIMIT,
            "seconds": taken,
        }
        RECORD.write_text(short_arrays(json.dumps(record, indent=2)) + "\n", encoding="utf-8")
    sys.exit(0 if slowest <= LIMIT else 1)


if __name__ == "__main__":
    main()
