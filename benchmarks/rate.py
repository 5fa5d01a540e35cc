"""Bytes and accuracy of clustering to a rate, beside k-means of the same pruned networks at equal epochs.

    python benchmarks/rate.py MODEL DATA [--seeds 1 2 3] [--rates 0.35 0.25 0.15] [--centroids int8 float16]
        [--set KEY=VALUE ...]

For each seed one network is trained, pruned and retrained by its own recipe. From there on, with the recipe `rate` over
it:

    k-means        the centroids of the recipe's own bits, trained for as many epochs
    rate, at once  entropy-constrained clustering, nothing trained
    rate           the same with weights and levels trained

The control is the dense network trained on for as many epochs as pruning and retraining took. A drop is against the
better of it and the baseline. Bytes are those of the whole ONNX file and of the whole TFLite file, which stock runtimes
load; ``--centroids`` is what holds the shared values exactly (``cluster.centroid_dtype``).

Every stage is a checkpoint and every line is written to the record as it is done, so that a stopped run goes on where
it was.
"""

import argparse
import datetime
import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgecompress import recipe
from edgecompress.compress.checkpoints import State
from edgecompress.compress.evaluate import accuracy
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.run import run_all
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.formats.onnx.network import compressed_bytes
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.progress import silent
from edgecompress.record import short_arrays, write_atomically
from edgecompress.sources import datasets, load
from edgecompress.sources.to_onnx import grapher_of
from edgecompress.workflows.prepared import context_of, identity_of

RESULTS = Path(__file__).resolve().parents[1] / "results"
OVER = "rate"
# As in control of benchmarks/arm.py: the same stages, in which nothing becomes zero.
CONTROL = ("prune.sparsity=0", "cluster.epochs=0", "cluster.bits=8")


class Comparison:
    """One model and data set, and what is kept of its comparisons."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.data = datasets.load(given.data, given.data_dir, download=True, progress=silent)
        self.own = recipe.default_name(given.model, given.data)
        self.path: Path = given.output or RESULTS / f"rate-{given.model}-{given.data}.json"
        setup = {
            "model": given.model,
            "data": self.data.source.sha256,
            "official": self.data.source.official,
            "recipe": recipe.load(f"{self.own}+{OVER}", given.set).model_dump(mode="json"),
        }
        self.record: dict[str, Any] = {"schema_version": 1, "setup": setup, "rows": []}
        if self.path.exists():
            self.record = json.loads(self.path.read_text(encoding="utf-8"))
            if self.record["setup"] != setup:
                raise InputError(f"{self.path} is of another recipe or data; move it away or give --output")

    def compress(self, name: str, *changes: str) -> tuple[nn.Module, Run]:
        """The network after all stages of the recipe ``name`` with ``changes``."""
        chosen = recipe.load(name, [*self.given.set, *changes])
        torch.manual_seed(chosen.seed)
        network = load.network(self.given.model, self.data.input_shape, len(self.data.classes), width=chosen.width)
        # The identity is a build's, so that its stages are taken where there are some.
        identity = identity_of(self.given.model, self.data)
        context = context_of(chosen, self.data, identity, cache_dir=self.given.cache_dir, progress=silent)
        return network, run_all(network, context, trained=False)

    def judged(self, network: nn.Module, state: State) -> dict[str, float]:
        """Validation and test accuracy of the network in that state, in percent."""
        network.load_state_dict({name: state[name] for name in state})
        splits = {"validation": (self.data.validation_x, self.data.validation_y)}
        splits["test"] = (self.data.test_x, self.data.test_y)
        return {name: accuracy(network, *map(torch.from_numpy, split)) for name, split in splits.items()}

    def row(self, method: str, rate: float | None, seed: int, centroids: str) -> dict[str, Any]:
        """One line of the record."""
        over = f"{self.own}+{OVER}"
        epochs = recipe.load(over, self.given.set).cluster.epochs
        changes = {
            "control": (self.own, *CONTROL),
            "k-means": (self.own, f"cluster.epochs={epochs}"),
            "rate, at once": (over, f"cluster.rate={rate}", "cluster.epochs=0"),
            "rate": (over, f"cluster.rate={rate}"),
        }[method]
        network, made = self.compress(*changes, f"seed={seed}", f"cluster.centroid_dtype={centroids}")
        found = {"method": method, "rate": rate, "seed": seed, "centroids": centroids}
        if method == "control":
            return found | {"dense": self.judged(network, made.dense), "control": self.judged(network, made.pruned)}
        chosen = recipe.load(over, self.given.set)
        judged = self.judged(network, made.last)
        graph = grapher_of(self.given.model, self.data.input_shape, len(self.data.classes), chosen.width)
        stage, exported = made.stages[-1], graph(network)
        with tempfile.TemporaryDirectory() as folder:
            ledger = write_tflite(exported, Path(folder) / "model.tflite", compress=True)
        return found | {
            "bytes": compressed_bytes(exported, chosen.export.encoding),
            "tflite_bytes": ledger.file_bytes,
            "sparsity": stage.sparsity,
            "seconds": stage.seconds,
            **judged,
        }

    def add(self, row: dict[str, Any]) -> None:
        """Keep a line, and how and when it was made."""
        self.record["rows"].append(row)
        self.record["taken"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        versions = {name: importlib.metadata.version(name) for name in ("torch", "numpy")}
        samples = {"validation": len(self.data.validation_x), "test": len(self.data.test_x)}
        weights = sum(p.numel() for p in self._network().parameters())
        self.record |= {"versions": versions, "samples": samples, "dense_bytes": 4 * weights}
        write_atomically(self.path, short_arrays(json.dumps(self.record, indent=2)) + "\n")

    def _network(self) -> nn.Module:
        return load.network(self.given.model, self.data.input_shape, len(self.data.classes))

    def known(self, *wanted: Any) -> dict[str, Any] | None:
        """The line if an earlier run made it."""
        keys = ("method", "rate", "seed", "centroids")
        return next((row for row in self.record["rows"] if tuple(row[key] for key in keys) == wanted), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a change to the recipe")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.35, 0.25, 0.15])
    parser.add_argument("--centroids", nargs="+", default=["int8"], choices=("float32", "float16", "int8"))
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--cache-dir", type=Path)
    parser.add_argument("--output", type=Path, help="the record; results/rate-MODEL-DATA.json by default")
    given = parser.parse_args()
    try:
        comparison = Comparison(given)
        for seed in given.seeds:
            wanted: list[tuple[str, float | None, str]] = [("control", None, given.centroids[0])]
            for centroids in given.centroids:
                wanted.append(("k-means", None, centroids))
                wanted += [(method, rate, centroids) for rate in given.rates for method in ("rate, at once", "rate")]
            for method, rate, centroids in wanted:
                row = comparison.known(method, rate, seed, centroids)
                if row is None:
                    row = comparison.row(method, rate, seed, centroids)
                    comparison.add(row)
                print(json.dumps(row), flush=True)
    except EdgecompressError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
