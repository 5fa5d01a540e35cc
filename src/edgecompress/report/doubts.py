"""Doubts about figures of accuracy, in a sentence each: a baseline that guesses, a small test set, a gain."""

from collections.abc import Sequence

from edgecompress.bench.records import BenchRecord
from edgecompress.compress.record import TOP_1
from edgecompress.manifest import Manifest
from edgecompress.report.pairs import Pair
from edgecompress.report.table import rows
from edgecompress.search.records import SearchRecord

ABOVE_CHANCE = 0.1  # of the way from chance to all right, that a network which has learnt something goes at least
NAMED = 3  # rows that a sentence about several names
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


def of_search(record: SearchRecord) -> list[str]:
    """Doubts about the accuracies of a search, whose candidates are judged on the validation split."""
    if record.metric != TOP_1 or record.dense_accuracy is None:
        return []
    best = max((each.accuracy for each in record.candidates), default=record.dense_accuracy)
    return doubts(record.dense_accuracy, best, record.samples, record.classes, split="validation split")


def of_pairs(every: Sequence[Pair]) -> list[str]:
    """Doubts about the rows of many networks, a sentence for each kind, with the rows that it is about."""
    guess = [pair.name for pair in every if _guesses(pair.dense, pair.classes)]
    few = {f"{pair.data} ({pair.samples:,})" for pair in every if pair.samples and 100 / pair.samples > SAMPLE}
    gained = [pair.name for pair in every if pair.drop < 0]
    found = []
    if guess:
        found.append(
            f"Near chance: the dense network of {_named(guess)} has learnt next to nothing; what compression costs "
            "cannot be seen there."
        )
    if few:
        found.append(
            f"Small test sets: {', '.join(sorted(few))}: one sample is over half a point, so differences of a few "
            "points are chance."
        )
    if gained:
        found.append(
            f"Better than its dense network is the compressed one of {_named(gained)}: that is chance, or the dense "
            "one was not trained to its end."
        )
    return found


def _named(names: Sequence[str]) -> str:
    """A few names, and how many there are more."""
    more = len(names) - NAMED
    return "; ".join(names[:NAMED]) + (f"; and {more} more" if more > 0 else "")


def _guesses(dense: float, classes: int) -> bool:
    chance = 100 / classes if classes > 1 else 0.0
    return classes > 1 and dense < chance + ABOVE_CHANCE * (100 - chance)


def doubts(dense: float, compressed: float, samples: int, classes: int, *, split: str = "test set") -> list[str]:
    """Doubts about two accuracies in percent, over so many samples of so many classes; 0: not known."""
    found = []
    if _guesses(dense, classes):
        found.append(
            f"The dense network answers {dense:.1f} % right where guessing among {classes} classes gives "
            f"{100 / classes:.1f} %: it has learnt next to nothing, so what compression costs cannot be seen; train it "
            "longer (train.epochs)."
        )
    if samples and 100 / samples > SAMPLE:
        found.append(
            f"The {split} has {samples} samples, and one of them is {100 / samples:.1f} points: differences of a few "
            "points are chance; judge on more."
        )
    if compressed > dense:
        found.append(
            f"The compressed network is {compressed - dense:.2f} points better than the dense one: that is chance, or "
            "the dense one was not trained to its end (train.epochs); no compression adds knowledge."
        )
    return found
