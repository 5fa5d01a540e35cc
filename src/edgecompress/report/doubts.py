"""Doubts about figures of accuracy, in a sentence each: a baseline that guesses, a small test set, a gain."""

from edgecompress.bench.records import BenchRecord
from edgecompress.manifest import Manifest
from edgecompress.report.table import rows

ABOVE_CHANCE = 0.1  # of the way from chance to all right, that a network which has learnt something goes at least
SAMPLE = 0.5  # points that one sample may be worth


def of_build(manifest: Manifest) -> list[str]:
    """Doubts about the accuracies of a build."""
    found = manifest.accuracy
    if found is None:
        return []
    return doubts(found.dense, found.compressed, found.samples, len(manifest.data.classes))


def of_bench(record: BenchRecord, manifest: Manifest) -> list[str]:
    """Doubts about the accuracies of a benchmark: of the first runtime that has both."""
    every = rows(record)
    for row in every:
        if row.kind == "compressed" and row.accuracy is not None and row.drop is not None and row.samples:
            return doubts(row.accuracy + row.drop, row.accuracy, row.samples, len(manifest.data.classes))
    return []


def doubts(dense: float, compressed: float, samples: int, classes: int) -> list[str]:
    """Doubts about two accuracies in percent, over so many samples of so many classes."""
    found = []
    chance = 100 / classes if classes > 1 else 0.0
    if classes > 1 and dense < chance + ABOVE_CHANCE * (100 - chance):
        found.append(
            f"The dense network answers {dense:.1f} % right where guessing among {classes} classes gives "
            f"{chance:.1f} %: it has learnt next to nothing, so what compression costs cannot be seen; train it longer "
            "(train.epochs)."
        )
    worth = 100 / samples
    if worth > SAMPLE:
        found.append(
            f"The test set has {samples} samples, and one of them is {worth:.1f} points: differences of a few points "
            "are chance; judge on more."
        )
    if compressed > dense:
        found.append(
            f"The compressed network is {compressed - dense:.2f} points better than the dense one: that is chance, or "
            "the dense one was not trained to its end (train.epochs); no compression adds knowledge."
        )
    return found
