"""All clustering methods compared on one trained network: inertia, time, accuracy before and after fine-tuning.

    python benchmarks/clustering_methods.py MODEL DATA [--bits 2 3 4 5] [--sparsity 0 0.9] [--set KEY=VALUE ...]

One baseline is trained, and pruned and retrained for each sparsity; every method starts from the same weights. "soft"
is differentiable k-means, which is a way to train and not to find centroids: it starts from those of "kmeans". The
levels of "uniform" and "power-of-two" are what they are called before fine-tuning alone.

Every stage is a checkpoint and every line is written to the record as it is done, so that a run that was stopped goes
on where it was. The record says which recipe made it, and a run with another one refuses to add to it.
"""

import argparse
import datetime
import importlib.metadata
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import torch

from edgecompress import methods, recipe
from edgecompress.compress.cluster.centroids import ALGORITHMS
from edgecompress.compress.evaluate import accuracy
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.run import run_all
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.progress import silent
from edgecompress.record import short_arrays, write_atomically
from edgecompress.sources import datasets, load
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.workflows.prepared import context_of, identity_of

RESULTS = Path(__file__).resolve().parents[1] / "results"
SOFT = "soft"
NOT_PRUNED = ("prune.sparsity=0", "prune.epochs=0", "retrain.epochs=0")


class Study:
    """One model and data set, and what is kept of its comparisons."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.data: Dataset = datasets.load(given.data, given.data_dir, download=True, progress=silent)
        self.test = (torch.from_numpy(self.data.test_x), torch.from_numpy(self.data.test_y))
        self.path: Path = given.output or RESULTS / f"clustering-{given.model}-{given.data}.json"
        setup = {"model": given.model, "data": self.data.source.sha256, "recipe": self.recipe().model_dump(mode="json")}
        self.record: dict[str, Any] = {"schema_version": 1, "setup": setup, "rows": []}
        if self.path.exists():
            self.record = json.loads(self.path.read_text(encoding="utf-8"))
            if self.record["setup"] != setup:
                raise InputError(f"{self.path} is of another recipe or data; move it away or give --output")

    def recipe(self, *changes: str) -> recipe.Recipe:
        """The recipe that was asked for, with ``changes``."""
        name = self.given.recipe or recipe.default_name(self.given.model, self.given.data)
        return recipe.load(name, [*self.given.set, *changes])

    def compress(self, *changes: str) -> tuple[Run, float, float]:
        """What the recipe with ``changes`` makes, and the test accuracies of the dense and the compressed network."""
        chosen, data = self.recipe(*changes), self.data
        torch.manual_seed(chosen.seed)
        network = load.network(self.given.model, data.input_shape, len(data.classes), width=chosen.width)
        # The identity is a build's, so that its baseline is taken where there is one.
        identity = identity_of(self.given.model, data)
        context = context_of(chosen, data, identity, cache_dir=self.given.cache_dir, progress=silent)
        made = run_all(network, context, trained=False)
        compressed = accuracy(network, *self.test)
        network.load_state_dict(made.dense)
        return made, accuracy(network, *self.test), compressed

    def row(self, method: str, bits: int, sparsity: float) -> dict[str, Any]:
        """One line: the clustering alone, and with the recipe's fine-tuning."""
        cluster = [f"cluster.bits={bits}", f"cluster.method={'kmeans' if method == SOFT else method}"]
        cluster += ["cluster.training=soft"] if method == SOFT else []
        before = [f"prune.sparsity={sparsity}"] if sparsity else list(NOT_PRUNED)
        alone, dense, unfinetuned = self.compress(*before, *cluster, "cluster.epochs=0")
        tuned, _, finetuned = self.compress(*before, *cluster)
        stage, found = tuned.stages[-1], alone.stages[-1].details
        return {
            "method": method,
            "bits": bits,
            "sparsity": sparsity,
            "inertia": found["inertia"],
            "seconds": found["clustering_seconds"],
            "distinct_max": stage.distinct_max,
            "validation": {
                "unclustered": stage.validation_accuracy_before,
                "clustered": alone.stages[-1].validation_accuracy,
                "finetuned": stage.validation_accuracy,
            },
            "test": {"dense": dense, "clustered": unfinetuned, "finetuned": finetuned},
        }

    def add(self, row: dict[str, Any]) -> None:
        """Keep a line, and how and when it was made."""
        self.record["rows"].append(row)
        self.record["taken"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        versions = {name: importlib.metadata.version(name) for name in ("torch", "scikit-learn", "numpy")}
        samples = {"validation": len(self.data.validation_x), "test": len(self.data.test_x)}
        self.record |= {"versions": versions, "samples": samples}
        write_atomically(self.path, short_arrays(json.dumps(self.record, indent=2)) + "\n")

    def known(self, method: str, bits: int, sparsity: float) -> dict[str, Any] | None:
        """The line if an earlier run made it."""
        wanted = (method, bits, sparsity)
        return next((r for r in self.record["rows"] if (r["method"], r["bits"], r["sparsity"]) == wanted), None)


def show(row: dict[str, Any], best: float) -> None:
    """Print a line; ``best`` is the inertia of the exact method."""
    validation, test = row["validation"], row["test"]
    shown = [validation[key] for key in ("unclustered", "clustered", "finetuned")]
    shown += [test[key] for key in ("dense", "clustered", "finetuned")]
    line = f"{row['method']:<18}{row['bits']:>4}{row['sparsity']:>9.2f}{row['inertia'] / best:>12.4f}"
    print(f"{line}{row['seconds']:>9.2f}" + "".join(f"{each:>9.2f}" for each in shown), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--recipe", help="a shipped recipe's name or a TOML file; the pair's own by default")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a change to the recipe")
    parser.add_argument("--bits", type=int, nargs="+", default=[2, 3, 4, 5])
    parser.add_argument("--sparsity", type=float, nargs="+", default=[0.0, 0.9])
    parser.add_argument("--methods", nargs="+", help="all by default")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--cache-dir", type=Path)
    parser.add_argument("--output", type=Path, help="the record; results/clustering-MODEL-DATA.json by default")
    given = parser.parse_args()
    # The exact method first: the others' inertia is printed as a multiple of its.
    choices = ["kmeans", SOFT, *(name for name in methods.choices(ALGORITHMS) if name != "kmeans")]
    wanted = [name for name in choices if name in given.methods or name == "kmeans"] if given.methods else choices
    try:
        for name in given.methods or []:
            if name not in choices:
                raise InputError(methods.unknown("method", name, choices))
        study = Study(given)
        print(f"{'':<31}{'inertia /':>12}{'':>9}{'validation accuracy':>27}{'test accuracy':>27}")
        names = ("seconds", "whole", "shared", "tuned", "dense", "shared", "tuned")
        print(f"{'method':<18}{'bits':>4}{'sparsity':>9}{'optimum':>12}" + "".join(f"{name:>9}" for name in names))
        for sparsity, bits in itertools.product(given.sparsity, given.bits):
            best = None
            for method in wanted:
                row = study.known(method, bits, sparsity)
                if row is None:
                    row = study.row(method, bits, sparsity)
                    study.add(row)
                best = best or row["inertia"]
                show(row, best)
    except EdgecompressError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
