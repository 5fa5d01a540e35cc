"""Read the profile that onnxruntime wrote: the time of each node, run by run.

The file is a list in Chrome's trace format. A node's kernel is one event of category "Node", and the ``model_run`` that
it belongs to ends after it. Times are whole microseconds.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from ..errors import JobError, first_line
from .contract import Profiled

_KERNEL = "_kernel_time"
_RUN = "model_run"


def read(path: Path, skip: int) -> Profiled:
    """The nodes of a profile, the one that took most first, and each run's microseconds, without the first ``skip``.

    A node that has a graph of its own (If, Loop, Scan) holds the time of that graph's nodes, which are listed too.

    Raises:
        JobError: the file is not whole, as on a full disk, or has no run after those.
    """
    try:
        events = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise JobError(f"cannot read onnxruntime's profile (is the disk full?): {first_line(error)}") from error
    runs: list[int] = []
    times: dict[tuple[str, str, str], list[int]] = {}
    pending: list[tuple[tuple[str, str, str], int]] = []
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(_KERNEL):
            kind = event["args"]["op_name"]
            name = event["name"][: -len(_KERNEL)] or kind
            pending.append(((name, kind, event["args"]["provider"]), event["dur"]))
        elif event.get("name") == _RUN:
            runs.append(event["dur"])
            if len(runs) > skip:
                for key, microseconds in pending:
                    times.setdefault(key, []).append(microseconds)
            pending = []
    runs = runs[skip:]
    if not runs:
        raise JobError("onnxruntime's profile has no run: is the disk full?")
    nodes = [
        {
            "name": name,
            "op_type": kind,
            "provider": provider,
            "calls": len(taken),
            "mean_us": sum(taken) / len(taken),
            "p50_us": float(median(taken)),
            "share": sum(taken) / sum(runs),
        }
        for (name, kind, provider), taken in times.items()
    ]
    return Profiled(sorted(nodes, key=lambda node: -node["share"]), [float(each) for each in runs], "profiler", None)
