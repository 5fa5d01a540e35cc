from dataclasses import replace

import pytest

from edgecompress.report.doubts import doubts, of_bench, of_build, of_pairs, of_search
from edgecompress.report.pairs import pairs

from .test_search import record as searched


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((93.0, 92.5, 10_000, 10), []),
        ((11.0, 10.5, 10_000, 10), ["guessing among 10 classes gives 10.0 %"]),
        ((52.0, 51.0, 10_000, 2), ["guessing among 2 classes gives 50.0 %"]),
        ((93.0, 92.0, 100, 10), ["100 samples, and one of them is 1.0 points"]),
        ((93.0, 92.0, 200, 10), []),
        ((93.0, 94.25, 10_000, 10), ["1.25 points better than the dense one"]),
        ((12.0, 13.0, 50, 10), ["guessing", "one of them is 2.0 points", "better than the dense one"]),
        ((5.0, 4.0, 10_000, 0), []),
        ((5.0, 4.0, 0, 0), []),
    ],
)
def test_each_kind_of_nonsense_is_one_sentence(given, said):
    found = doubts(*given)
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence
        assert "\n" not in sentence


def test_a_build_and_a_benchmark_are_judged_by_their_own_accuracies(record, manifest):
    assert of_bench(record, manifest) == []
    guessing = manifest.accuracy.model_copy(update={"dense": 10.0, "compressed": 9.0, "samples": 10_000})
    (said,) = of_build(manifest.model_copy(update={"accuracy": guessing}))
    assert "learnt next to nothing" in said
    assert of_build(manifest.model_copy(update={"accuracy": None})) == []


def test_a_search_is_judged_on_its_validation_split():
    assert of_search(searched()) == []  # an older record does not say how many samples there were
    chance, few = of_search(searched(dense_accuracy=12.0, candidates=[], samples=120, classes=10))
    assert "guessing among 10 classes" in chance
    assert "The validation split has 120 samples, and one of them is 0.8 points" in few
    (gain,) = of_search(searched(dense_accuracy=96.5, samples=5000, classes=10))
    assert "0.50 points better" in gain
    assert of_search(searched(metric="mae", better="lower", dense_accuracy=0.01, samples=50, classes=10)) == []


def test_the_rows_of_many_networks_are_named_by_kind_and_not_one_by_one(found):
    every = pairs(found)
    same = [replace(pair, dense=99.0, compressed=98.0, drops=(1.0,), samples=10_000, classes=10) for pair in every]
    assert of_pairs(same) == []
    wrong = [replace(pair, dense=12.0, compressed=13.0, drops=(-1.0,), samples=60) for pair in same] * 3
    guess, few, gained = of_pairs(wrong)
    assert guess.startswith("Near chance: ")
    assert f"; and {len(wrong) - 3} more" in guess
    assert "(60): one sample is over half a point" in few
    assert "not trained to its end" in gained
