import pytest

from edgecompress.report.doubts import doubts, of_bench, of_build


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
