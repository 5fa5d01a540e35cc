#!/usr/bin/env python3
"""Draw docs/results.svg: test accuracy against bytes of every build in results/, dense and compressed joined.

Usage: python tools/plot_results.py        (needs matplotlib, which nothing else here does)
"""

import json
from pathlib import Path

import matplotlib as mpl  # type: ignore[import-not-found]

ROOT = Path(__file__).resolve().parents[1]
# The same bytes from the same records: no random identifiers, no date.
mpl.rcParams["svg.hashsalt"] = "edgecompress"
mpl.rcParams["svg.fonttype"] = "none"
mpl.use("svg")


def main() -> None:
    """One line a build, from its dense ONNX file to its compressed one; one colour a data set."""
    from matplotlib import pyplot  # type: ignore[import-not-found]

    figure, axis = pyplot.subplots(figsize=(8, 4), layout="constrained")
    colours: dict[str, str] = {}
    labelled: list[tuple[int, float]] = []
    for path in sorted((ROOT / "results").glob("*/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        sizes = [manifest["models"][f"{name}.onnx"]["bytes"] for name in ("dense", "model")]
        accuracy = [manifest["accuracy"][name] for name in ("dense", "compressed")]
        data = manifest["data"]["name"]
        colour = colours.setdefault(data, f"C{len(colours)}")
        label = None if colour in [line.get_color() for line in axis.lines] else data
        axis.plot(sizes, accuracy, color=colour, marker="o", markevery=[1], linewidth=1.2, label=label)
        axis.plot(sizes[:1], accuracy[:1], color=colour, marker="o", markerfacecolor="white", linestyle="none")
        times = f"{manifest['model']['name']}, {sizes[0] / sizes[1]:.0f}x"
        taken = any(0.5 < sizes[1] / size < 2 and abs(accuracy[1] - other) < 1 for size, other in labelled)
        labelled.append((sizes[1], accuracy[1]))
        above = (-6, -12 if taken else 4)
        axis.annotate(times, (sizes[1], accuracy[1]), above, textcoords="offset points", ha="right", fontsize=8)
    axis.set_xscale("log")
    axis.set_xlim(2e4, 1e8)
    axis.set_ylim(88, 100)
    axis.set_xlabel("bytes of the ONNX file: dense (ring) and compressed (dot)")
    axis.set_ylabel("test accuracy, %")
    axis.grid(visible=True, alpha=0.3)
    axis.legend(loc="lower right", fontsize=8)
    figure.savefig(ROOT / "docs" / "results.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
