"""A Python that has imported the program, and gives each run of it to a copy of itself: one import for many runs.

    python -P tests/warm.py

reads a request a line (JSON: arguments, cwd, env, and the files for stdout and stderr) and answers with the exit code.
It has no thread but its first and opens nothing itself, so that a copy is as good as a new process.
"""

import atexit
import gc
import importlib
import json
import os
import sys
import threading
import traceback
from pathlib import Path

MODULES = (
    "bench.run", "cli", "export.pack", "workflows.build", "workflows.search", "library.advising",
    "records.transfer", "report.summary", "report.whole", "store.store",
)  # fmt: skip

DIGITS = (1, 32, 32)
WIDTHS = (0.125, 0.25)  # of the networks that most tests build


def serve():
    for name in MODULES:
        importlib.import_module(f"edgecompress.{name}")
    _export_once()
    gc.freeze()  # a copy shares what it does not touch
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(**request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _export_once():
    """PyTorch's exporter imports most of itself when it first runs, and what it made of a network serves every copy."""
    import tqdm

    from edgecompress.sources.load import network
    from edgecompress.sources.to_onnx import grapher_of

    tqdm.tqdm.monitor_interval = 0  # no thread
    for width in WIDTHS:
        grapher_of("alexnet", DIGITS, 10, width)(network("alexnet", DIGITS, 10, width=width))
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a copy of a process has one thread only"


def _run(arguments, cwd, env, stdout, stderr):
    """Run the program and end as a process does, without taking all that was imported apart first."""
    code = 1
    try:
        _become(arguments, cwd, env, stdout, stderr)
        importlib.import_module("edgecompress.cli").main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(arguments, cwd, env, stdout, stderr):
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    streams = (os.devnull, os.O_RDONLY), (stdout, os.O_WRONLY), (stderr, os.O_WRONLY)
    for number, (path, mode) in enumerate(streams):
        os.dup2(os.open(path, mode), number)
    sys.argv[1:] = arguments


if __name__ == "__main__":
    serve()
