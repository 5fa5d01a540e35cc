"""Compression without training compared: plain, reconstructed on training inputs, reconstructed on synthetic inputs.

    python benchmarks/calibration.py [MODEL] [DATA] [--width 1] [--sparsity 0.5 0.7 0.8 0.9] [--bits 4]

One baseline is trained. "plain" prunes it once by magnitude and clusters it by k-means, with BatchNorm's statistics
refreshed on augmented batches of the whole training set as every build without epochs does; the others reconstruct each
layer's outputs (the recipe's ``reconstruct`` table). Accuracies are of the validation split, on which nothing is
chosen; the test set is not looked at. Columns: after pruning, after clustering too; the mean error of the layers'
outputs after pruning, as a fraction of their variance, without and with reconstruction; seconds of both stages.
"""

import argparse
import sys
from pathlib import Path

import torch

from edgecompress import recipe
from edgecompress.compress.context import Context
from edgecompress.compress.stages.run import run_all
from edgecompress.compress.train import TrainingData
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.progress import silent
from edgecompress.sources import datasets, load

PLAIN = ("prune.epochs=0", "retrain.epochs=0", "cluster.epochs=0")
MODES = {
    "plain": PLAIN,
    "calibration": ("reconstruct.inputs=training",),
    "synthetic": ("reconstruct.inputs=synthetic",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="alexnet")
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--recipe", help="a shipped recipe's name or a TOML file; the pair's own by default")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--sparsity", type=float, nargs="+", default=[0.5, 0.7, 0.8, 0.9])
    parser.add_argument("--bits", type=int, default=4)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a change to the recipe")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--cache-dir", type=Path, default=Path("dist/calibration"))
    given = parser.parse_args()
    try:
        data = datasets.load(given.data, given.data_dir, download=True, progress=silent)
        tensors = [torch.from_numpy(a) for a in (data.train_x, data.train_y, data.validation_x, data.validation_y)]
        head = f"{given.model} {given.width} on {given.data}, {given.bits} bits; validation: {len(tensors[3])} samples"
        print(f"{head}\n{'mode':<13}{'sparsity':>9}{'dense':>9}{'pruned':>9}{'shared':>9}{'error':>16}{'seconds':>9}")
        for sparsity in given.sparsity:
            for mode in given.modes:
                changes = (f"width={given.width}", f"prune.sparsity={sparsity}", f"cluster.bits={given.bits}")
                name = given.recipe or recipe.default_name(given.model, given.data)
                own = [each for each in given.set if mode != "plain" or not each.startswith("reconstruct.")]
                chosen = recipe.load(name, [*changes, *MODES[mode], *own])
                torch.manual_seed(chosen.seed)
                network = load.network(given.model, data.input_shape, len(data.classes), width=given.width)
                context = Context(
                    recipe=chosen,
                    training=TrainingData(*tensors[:2], data.shift, data.mirror),
                    validation=(tensors[2], tensors[3]),
                    folder=given.cache_dir,
                    identity={"model": given.model, "data": data.source.sha256},
                    progress=silent,
                )
                try:
                    done = run_all(network, context, trained=False).stages
                except InputError as error:
                    print(f"{mode:<13}{sparsity:>9.2f}  {error}", flush=True)
                    continue
                dense, pruned, _, shared = done
                errors = [pruned.details.get(key) for key in ("error_plain", "error")]
                text = f"{errors[0]:.3f} > {errors[1]:.4f}" if errors[0] is not None else "-"
                accuracies = "".join(f"{each.validation_accuracy:>9.2f}" for each in (dense, pruned, shared))
                seconds = pruned.seconds + shared.seconds
                print(f"{mode:<13}{sparsity:>9.2f}{accuracies}{text:>16}{seconds:>9.1f}", flush=True)
    except EdgecompressError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
