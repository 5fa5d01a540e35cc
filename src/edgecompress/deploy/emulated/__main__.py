"""``python -m edgecompress.deploy.emulated FILE...``: instructions of each file, and its ratio to the first."""

import argparse
import sys
from pathlib import Path

from edgecompress.deploy.emulated.count import count, ratio
from edgecompress.deploy.emulated.processors import PROCESSORS
from edgecompress.errors import EdgecompressError


def main() -> int:
    """Count, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m edgecompress.deploy.emulated", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--cpu", action="append", help=f"one of {', '.join(PROCESSORS)}; may be repeated")
    parser.add_argument("--runtime", default="", help="a release, as pip reads it: ai-edge-litert==2.2.0")
    parser.add_argument("--runs", type=int, default=4)
    options = parser.parse_args()
    try:
        for processor in options.cpu or ["cortex-a72"]:
            first = None
            for path in options.files:
                counted = count(path, processor, runtime=options.runtime, runs=options.runs)
                first = first or counted
                sys.stdout.write(
                    f"{processor:12} {counted.per_inference:>16,} {ratio(counted, first):7.3f}"
                    f"  spread {counted.spread:.1e}  {counted.runtime:20} {path}\n"
                )
                sys.stdout.flush()
    except EdgecompressError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
