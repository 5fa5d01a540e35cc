"""The latency of a network that nobody has written yet: what structured pruning aims at."""

import tempfile
from pathlib import Path

import onnx_ir as ir

from edgecompress.export.verify import LatencyCheck, compare_latency
from edgecompress.formats import find
from edgecompress.target import Runtime


def latency(network: ir.Model, dense: ir.Model, runtime: Runtime) -> LatencyCheck:
    """The latency of ``network`` over that of ``dense``, both written as dense float32 files and run in turn.

    Compression of weights does not enter: it leaves the latency as it is, and each file of a bundle is held to that.

    Raises:
        InputError: the runtime is not installed, or its format cannot express the networks.
        CheckError: the runtime crashed.
    """
    kind = find.of_runtime(runtime)
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        paths = [Path(folder) / f"{name}{kind.suffix}" for name in ("network", "dense")]
        for graph, path in zip((network, dense), paths, strict=True):
            kind.write(graph, path, compress=False)
        return compare_latency(paths[0], paths[1], layout=kind.layout, limit=None)
