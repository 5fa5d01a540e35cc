import pytest

from edgecompress.report.nutshell import best, changes, sentences

from .conftest import led


def test_what_got_worse_comes_first_with_its_cure_and_what_got_better_after_it(record, manifest):
    assert best(record, manifest) == "model.onnx"
    assert best(record, led(manifest, "dense.onnx", 0.5)) == "model.onnx"  # one within the limit is taken
    worse, better = changes(record, manifest)
    assert worse.startswith("Worse than dense.onnx: model.onnx loads in ")
    assert "MiB at its peak, which is at load" in worse
    assert "--encoding fast-load" in worse
    assert "answers 1.25 points fewer right" in worse
    assert "is slower: 1.25 times the dense file's time" in worse
    assert better == "Better: it is 40.0x smaller."


def test_the_dense_file_is_taken_where_no_compressed_one_is_within_the_limit(record, manifest):
    none = led(manifest, "dense.onnx", 25.0)
    assert best(record, none) == "dense.onnx"
    first, worse, _ = changes(record, none)
    assert first.startswith("No compressed file is within 1 point of the dense network")
    assert "dense.onnx is the one to take" in first
    assert worse.startswith("Worse than dense.onnx: model.onnx ")
    assert sentences(record, none)[0].startswith("Smaller: model.onnx")


def test_a_disturbed_run_says_nothing_of_speed(record, manifest):
    noisy = record.validity.model_copy(update={"disturbed": ["other processes used 3 of 4 cores"]})
    disturbed = record.model_copy(update={"validity": noisy})
    said = " ".join([*changes(disturbed, manifest), *sentences(disturbed, manifest)])
    assert "slower" not in said
    assert "faster" not in said
    assert said.count("in doubt, since the machine was disturbed") == 2


def test_three_sentences_say_how_small_how_good_and_how_fast_on_what(record, manifest):
    smaller, accuracy, speed = sentences(record, manifest)
    assert smaller.startswith("Smaller: model.onnx has 100,000 bytes, 40.0 times fewer than the 4,000,000 of the tr")
    assert accuracy == "Accuracy: it answers 92.5 % of 2000 test samples right; the trained network answers 93.8 %."
    assert speed.startswith("Speed: one inference takes 2.50 ms in onnxruntime")
    assert "Some CPU" in speed


@pytest.mark.parametrize("kept", [[], ["dense.onnx"]])
def test_without_a_compressed_file_that_ran_nothing_is_said(record, manifest, kept):
    bare = record.model_copy(update={"files": {name: record.files[name] for name in kept}})
    assert best(bare, manifest) is None
    assert changes(bare, manifest) == sentences(bare, manifest) == []


def test_a_metric_of_one_s_own_is_in_what_got_worse(by_error, manifest):
    assert "is worse by 0.25 of error" in changes(by_error, manifest)[0]
    assert "error: 0.75 of the test samples' outputs; 0.5 of the trained network's." in sentences(by_error, manifest)
