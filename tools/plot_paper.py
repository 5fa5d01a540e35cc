#!/usr/bin/env python3
"""Draw docs/images/paper-*.svg: a picture for each of the paper's questions, from the cells in results/study.

Usage: python tools/plot_paper.py        (needs matplotlib, which nothing else here does)
"""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]

from edgecompress.report.paper import SPATIAL, published
from edgecompress.report.questions import clustering_loss, of_most_bits, of_most_methods
from edgecompress.report.reproduction import headline, rows_of
from edgecompress.report.seeds import SeedsRow
from edgecompress.study.records import CellRecord
from edgecompress.study.run import INDEX

ROOT = Path(__file__).resolve().parents[1]
# The same bytes from the same records: no random identifiers, no date.
mpl.rcParams["svg.hashsalt"] = "edgecompress"
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["font.size"] = 9
mpl.use("svg")


def main() -> None:
    """Draw those pictures that there are figures for."""
    paths = sorted((ROOT / "results" / "study").glob("*.json"))
    rows = rows_of(CellRecord.from_file(path) for path in paths if path.name != INDEX)
    base = [row for row in headline(rows) if row.controlled]
    images = [row for row in base if published(row.pair[1]) == SPATIAL]
    draw("images", images, _pruning)
    draw("kinds", base, _whole)
    draw("bits", of_most_bits(rows), _bits)
    draw("methods", of_most_methods(rows), _methods)


def draw(name: str, rows: Sequence[SeedsRow], plot: Callable[[Any, Sequence[SeedsRow]], None]) -> None:
    """Draw ``rows`` by ``plot`` into the picture of that name."""
    from matplotlib import pyplot  # type: ignore[import-not-found]

    if not rows:
        return
    height = 3.0 if plot is _bits else 1.0 + 0.25 * len(rows)
    figure, axis = pyplot.subplots(figsize=(7, height), layout="constrained")
    (axis.axhline if plot is _bits else axis.axvline)(0, color="black", linewidth=0.6)
    plot(axis, rows)
    axis.grid(visible=True, alpha=0.3)
    figure.savefig(ROOT / "docs" / "images" / f"paper-{name}.svg", metadata={"Date": None})


def _pruning(axis: Any, rows: Sequence[SeedsRow]) -> None:
    """A line for each pair: what pruning and retraining cost, a seed a ring."""
    _dots(
        axis, [_name(row) for row in rows], [[each.accuracy.drop_of_pruning for each in row.outcomes] for row in rows]
    )
    axis.set_xlabel("points that pruning and retraining cost; mean (dot) and seeds (rings)")


def _whole(axis: Any, rows: Sequence[SeedsRow]) -> None:
    """A line for each pair: the drop of the whole compression with its interval."""
    for place, row in enumerate(reversed(rows)):
        colour = "C0" if published(row.pair[1]) == SPATIAL else "C1"
        axis.plot([row.mean(lambda each: each.accuracy.drop)], [place], "o", color=colour)
        if row.drop:
            axis.plot([row.drop.low, row.drop.high], [place, place], color=colour, linewidth=2, alpha=0.5)
    _lines(axis, [_name(row) for row in rows])
    axis.set_xlabel("points lost, 95 % interval; images blue, sensor data orange")


def _bits(axis: Any, rows: Sequence[SeedsRow]) -> None:
    """A line for each rate of zeros: what clustering costs, along the bits."""
    for number, rate in enumerate(sorted({row.first.cell.sparsity for row in rows})):
        line = sorted(
            ((row.first.cell.bits, row) for row in rows if row.first.cell.sparsity == rate), key=lambda each: each[0]
        )
        bits = [each for each, _ in line]
        losses = [[clustering_loss(outcome) for outcome in row.outcomes] for _, row in line]
        shifted = [each + 0.04 * (number - 1.5) for each in bits]
        axis.plot(shifted, [statistics.fmean(each) for each in losses], marker="o", label=f"{100 * rate:g} % zeros")
        axis.vlines(
            shifted, [min(each) for each in losses], [max(each) for each in losses], colors=f"C{number}", alpha=0.5
        )
    axis.set_xticks(sorted({row.first.cell.bits for row in rows}))
    axis.set_xlabel("bits of a clustered weight")
    axis.set_ylabel("points that clustering costs")
    axis.legend(fontsize=8)


def _methods(axis: Any, rows: Sequence[SeedsRow]) -> None:
    """A line for each method: its drop, a seed a ring."""
    drops = [[each.accuracy.drop for each in row.outcomes] for row in rows]
    _dots(axis, [row.first.cell.method for row in rows], drops)
    axis.set_xlabel("points that the whole compression costs; mean (dot) and seeds (rings)")


def _dots(axis: Any, names: Sequence[str], values: Sequence[Sequence[float]]) -> None:
    for place, each in enumerate(reversed(values)):
        axis.plot(each, [place] * len(each), "o", color="C0", markerfacecolor="none", markersize=5)
        axis.plot([statistics.fmean(each)], [place], "o", color="C0")
    _lines(axis, names)


def _lines(axis: Any, names: Sequence[str]) -> None:
    """Name the lines, the first on top."""
    axis.set_yticks(range(len(names)), list(reversed(names)))
    axis.set_ylim(-0.6, len(names) - 0.4)


def _name(row: SeedsRow) -> str:
    return f"{row.pair[0]}, {row.outcomes[0].data.name}"


if __name__ == "__main__":
    main()
