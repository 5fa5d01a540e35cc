"""The paper's questions, answered from the cells of a study: three sentences each, every figure from the records."""

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from edgecompress.report.paper import SPATIAL, TEMPORAL, PaperFigures, published
from edgecompress.report.seeds import BASE, SeedsRow
from edgecompress.study.records import CellOutcome

SHUFFLES = 9999
ROUNDING = 1e-9
"""Draws of the same means, added in another order, are as far apart."""
LEVEL = 0.05
"""Below this probability a difference is called one beyond chance."""
FEWEST = 3
"""Fewer methods, or fewer cells of bits and zeros, answer nothing."""


class QuestionAnswer(NamedTuple):
    """A question of the paper's and what the records say to it."""

    question: str
    text: str
    picture: str  # its name, without suffix; empty: there is nothing to draw


def answers(base: Sequence[SeedsRow], rows: Sequence[SeedsRow]) -> list[QuestionAnswer]:
    """The answers to the paper's questions.

    Args:
        base: the row of each network and data set at the paper's ratio.
        rows: all, these among them.
    """
    controlled = [row for row in base if row.controlled]
    images, sensors = ([row for row in controlled if published(row.pair[1]) == kind] for kind in (SPATIAL, TEMPORAL))
    varied, methods = of_most_bits(rows), of_most_methods(rows)
    return [
        QuestionAnswer("Does pruning with retraining keep accuracy on images at ten times?", *_pruning(images)),
        QuestionAnswer("How much more does it cost on sensor data?", *_kinds(images, sensors)),
        QuestionAnswer(
            "How does quantisation depend on the pruning rate and the network?", *_quantisation(base, varied)
        ),
        QuestionAnswer("Which clustering method, and is the difference beyond chance?", *_methods(methods)),
    ]


def clustering_loss(outcome: CellOutcome) -> float:
    """Points that clustering alone costs: from the pruned and retrained network to the end."""
    return outcome.accuracy.pruned.percent - outcome.accuracy.clustered.percent


def of_most_bits(rows: Sequence[SeedsRow]) -> list[SeedsRow]:
    """The rows of the network and data set with most pairs of zeros and bits, all else at its base."""
    varied = [row for row in rows if all(getattr(row.first.cell, name) == BASE[name] for name in ("method", "distill"))]
    return _largest(varied, lambda row: (row.pair, row.first.cell.width, row.controlled, _budget(row)))


def of_most_methods(rows: Sequence[SeedsRow]) -> list[SeedsRow]:
    """The rows that differ by their clustering method and in nothing else: those of most methods."""

    def all_else(row: SeedsRow) -> tuple[object, ...]:
        cell = row.first.cell
        return row.pair, cell.width, cell.sparsity, cell.bits, cell.distill, row.controlled, _budget(row)

    return sorted(_largest(rows, all_else), key=lambda row: row.first.cell.method)


def _budget(row: SeedsRow) -> str:
    return row.outcomes[0].budget.model_dump_json()


def _largest(rows: Sequence[SeedsRow], same: Callable[[SeedsRow], tuple[object, ...]]) -> list[SeedsRow]:
    sizes = Counter(same(row) for row in rows)
    if not sizes:
        return []
    (chosen, _), *_ = sizes.most_common(1)
    return [row for row in rows if same(row) == chosen]


def _pruning(images: Sequence[SeedsRow]) -> tuple[str, str]:
    if not images:
        return "No cell of images has a control yet, so the records do not say.", ""
    drops = [row.mean(lambda each: each.accuracy.drop_of_pruning) for row in images]
    before = [row.mean(lambda each: each.accuracy.baseline.percent - each.accuracy.pruned.percent) for row in images]
    within, beyond = _judged(images, SPATIAL)
    return (
        f"On {_named(images)}, pruning to a tenth and retraining alone cost {_mean(drops)} points of the better of "
        f"baseline and control. Against the baseline alone it would be {_mean(before)}: the rest is further training, "
        f"which the dense network can have too. Of the whole compression, clustering included, {within} of "
        f"{len(images)} stay within the paper's {SPATIAL.points:g} points with their whole interval, {beyond} lie "
        f"beyond it, and {len(images) - within - beyond} may be on either side.",
        "paper-images",
    )


def _kinds(images: Sequence[SeedsRow], sensors: Sequence[SeedsRow]) -> tuple[str, str]:
    if not sensors:
        return "No cell of sensor data has a control yet, so the records do not say.", ""
    drops = {kind: [row.mean(_drop) for row in rows] for kind, rows in ((SPATIAL, images), (TEMPORAL, sensors))}
    within, beyond = _judged(sensors, TEMPORAL)
    first = f"On {_named(sensors)}, the whole compression costs {_mean(drops[TEMPORAL])} points"
    if images:
        apart = statistics.fmean(drops[TEMPORAL]) - statistics.fmean(drops[SPATIAL])
        first += f", on images {_mean(drops[SPATIAL])}: {abs(apart):.2f} {'more' if apart > 0 else 'less'}"
    return (
        f"{first}. The paper has {TEMPORAL.drop} against {SPATIAL.drop}. {within} of {len(sensors)} stay within its "
        f"{TEMPORAL.points:g} points with their whole interval, {beyond} lie beyond it.",
        "paper-kinds",
    )


def _quantisation(base: Sequence[SeedsRow], varied: Sequence[SeedsRow]) -> tuple[str, str]:
    if len(varied) < FEWEST:
        return "Too few cells vary bits and zeros, so the records do not say.", ""
    losses = {(row.first.cell.sparsity, row.first.cell.bits): row.mean(clustering_loss) for row in varied}
    fewest = min(bits for _, bits in losses)
    few = sorted((rate, loss) for (rate, bits), loss in losses.items() if bits == fewest)
    ends = " and ".join(
        f"{loss:+.2f} points at {100 * rate:g} % zeros" for rate, loss in dict.fromkeys((few[0], few[-1]))
    )
    many = [loss for (_, bits), loss in losses.items() if bits > fewest] or [few[0][1]]
    model, data = varied[0].pair
    by_network = ", ".join(f"{row.pair[0]} on {row.pair[1]} {row.mean(clustering_loss):+.2f}" for row in base)
    return (
        f"On {model} and {data}, clustering to {fewest} bits costs {ends} beyond what pruning did. With more bits it "
        f"is between {min(many):+.2f} and {max(many):+.2f}, at every rate. By network, at "
        f"{100 * base[0].first.cell.sparsity:g} % zeros, in points: {by_network}.",
        "paper-bits",
    )


def _methods(found: Sequence[SeedsRow]) -> tuple[str, str]:
    if len(found) < FEWEST:
        return "Too few cells vary the method, so the records do not say.", ""
    cell = found[0].first.cell
    ranked = sorted(found, key=lambda row: row.mean(_drop))
    best, worst = ranked[0], ranked[-1]
    against = "" if best.controlled else " from the baseline, the same for all"
    smaller = max(found, key=lambda row: row.mean(_onnx))
    return (
        f"At {100 * cell.sparsity:g} % zeros and {cell.bits} bits on {cell.model} and {cell.data}, "
        f"{len(found)} methods lie between {best.mean(_drop):+.2f} (`{best.first.cell.method}`) and "
        f"{worst.mean(_drop):+.2f} points (`{worst.first.cell.method}`){against}. {_chance(found)} In bytes they "
        f"differ more: `{smaller.first.cell.method}` has the smallest ONNX file, {smaller.mean(_onnx):.1f}x, the "
        f"others {min(row.mean(_onnx) for row in found):.1f}x and more.",
        "paper-methods",
    )


def _chance(rows: Sequence[SeedsRow]) -> str:
    """A sentence: how often shuffling rows within each seed moves their means as far apart as they are."""
    drops = [
        {record.cell.seed: record.outcome.accuracy.drop for record in row.records if record.outcome} for row in rows
    ]
    seeds = sorted(set.intersection(*(set(each) for each in drops)))
    if len(seeds) < 2:
        return "One seed does not say whether that is chance."
    table = np.array([[each[seed] for each in drops] for seed in seeds])
    random = np.random.default_rng(1)
    shuffled = random.permuted(np.broadcast_to(table, (SHUFFLES, *table.shape)), axis=2)
    as_far = int(np.count_nonzero(np.ptp(shuffled.mean(axis=1), axis=1) >= np.ptp(table.mean(axis=0)) - ROUNDING))
    probability = (1 + as_far) / (1 + SHUFFLES)
    verdict = "beyond chance" if probability < LEVEL else "not beyond chance"
    return (
        f"Shuffled within each of {len(seeds)} seeds, methods are as far apart in {100 * probability:.0f} % of "
        f"{SHUFFLES:,} draws: {verdict}."
    )


def _onnx(outcome: CellOutcome) -> float:
    return outcome.sizes["onnx"].ratio


def _drop(outcome: CellOutcome) -> float:
    return outcome.accuracy.drop


def _judged(rows: Sequence[SeedsRow], kind: PaperFigures) -> tuple[int, int]:
    """The number of rows whose whole interval is within the paper's figure, and of those whose whole one is beyond."""
    known = [drop for row in rows if (drop := row.drop)]
    return sum(drop.high <= kind.points for drop in known), sum(drop.low > kind.points for drop in known)


def _named(rows: Sequence[SeedsRow]) -> str:
    return f"{len(rows)} {'pair' if len(rows) == 1 else 'pairs'} of network and data set with a control"


def _mean(values: Sequence[float]) -> str:
    mean = f"{statistics.fmean(values):+.2f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):+.2f} to {max(values):+.2f})"
