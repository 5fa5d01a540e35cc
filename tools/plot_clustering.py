#!/usr/bin/env python3
"""Draw docs/clustering.svg: accuracy against bits for every clustering method, from results/clustering-*.json.

Usage: python tools/plot_clustering.py        (needs matplotlib, which nothing else here does)
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]

ROOT = Path(__file__).resolve().parents[1]
STAGES = {"clustered": "before fine-tuning", "finetuned": "after"}
# The same bytes from the same records: no random identifiers, no date.
mpl.rcParams["svg.hashsalt"] = "edgecompress"
mpl.use("svg")


def main() -> None:
    """One row of panels for each network and sparsity, one panel before and one after fine-tuning."""
    from matplotlib import pyplot  # type: ignore[import-not-found]

    groups = [group for path in sorted((ROOT / "results").glob("clustering-*.json")) for group in _groups(path)]
    figure, axes = pyplot.subplots(
        len(groups), 2, figsize=(10, 3 * len(groups)), sharex=True, sharey="row", squeeze=False, layout="constrained"
    )
    colours = pyplot.get_cmap("tab20").colors
    for (title, rows), pair in zip(groups, axes, strict=True):
        for axis, (stage, when) in zip(pair, STAGES.items(), strict=True):
            for index, method in enumerate(sorted({row["method"] for row in rows})):
                line = sorted((row["bits"], row["test"][stage]) for row in rows if row["method"] == method)
                axis.plot(*zip(*line, strict=True), marker="o", markersize=3, label=method, color=colours[index])
            axis.axhline(rows[0]["test"]["dense"], color="black", linewidth=0.8, linestyle=":", label="dense")
            axis.set_title(f"{title}, {when}", fontsize=9)
            axis.set_xticks(sorted({row["bits"] for row in rows}))
        pair[0].set_ylabel("test accuracy, %")
    for axis in axes[-1]:
        axis.set_xlabel("bits")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8)
    figure.savefig(ROOT / "docs" / "clustering.svg", metadata={"Date": None})


def _groups(path: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of each sparsity, with what they are rows of."""
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    name = path.stem.removeprefix("clustering-")
    return [
        (f"{name}, {sparsity:.0%} zeros", [row for row in rows if row["sparsity"] == sparsity])
        for sparsity in sorted({row["sparsity"] for row in rows})
    ]


if __name__ == "__main__":
    main()
