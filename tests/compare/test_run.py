import numpy as np
import pytest

from edgecompress.compare.limits import parse
from edgecompress.compare.run import compare
from edgecompress.errors import InputError

NAMES = ("a.json", "0" * 64), ("b.json", "1" * 64)


def against(a, b, limits="", **options):
    given = [(*name, record) for name, record in zip(NAMES, (a, b), strict=True)]
    return compare(*given, limits=parse(limits) if limits else (), **options)


def row(found, file, metric):
    (each,) = [each for each in found.rows if (each.file, each.metric) == (file, metric)]
    return each


def test_a_record_against_itself_shows_no_difference(record):
    found = against(record, record, "p50>1%,size>0%,acc_drop>0,over_dense>2")
    assert {each.verdict for each in found.rows} == {"no difference seen", "the same"}
    assert all(each.difference == 0 for each in found.rows)
    assert not any(each.broken for each in found.limits)
    assert found.notes == []
    assert (found.a.id, found.b.id) == ("0" * 64, "1" * 64)


def test_twice_the_time_is_slower_by_twice_and_the_interval_holds_it(record, slower):
    found = against(record, slower(record, 2.0, ["model.onnx"]), files=["model.onnx", "model.tflite"])
    p50 = row(found, "model.onnx", "p50")
    assert p50.verdict == "slower"
    assert p50.ratio == pytest.approx(2.0, rel=1e-5)
    assert p50.change.ratio.low < 2.0 < p50.change.ratio.high
    assert p50.difference == pytest.approx(p50.a, rel=1e-5)
    assert p50.change.low < p50.difference < p50.change.high
    assert row(found, "model.onnx", "over_dense").verdict == "slower"
    assert row(found, "model.tflite", "p50").verdict == "no difference seen"
    assert row(against(slower(record, 2.0), record, files=["model.onnx"]), "model.onnx", "p50").verdict == "faster"


def test_a_machine_that_was_slower_throughout_is_told_from_a_file_that_is(record, slower):
    found = against(record, slower(record, 1.5), files=["dense.onnx", "model.onnx"])
    assert row(found, "model.onnx", "p50").verdict == "slower"
    over = row(found, "model.onnx", "over_dense")
    assert over.ratio == pytest.approx(1.0, abs=1e-3)
    assert any("dense.onnx is the same file in A and B and was slower" in note for note in found.notes)


def test_the_interval_is_as_wide_as_the_samples_say(record, with_file):
    """Independent normal times: the bootstrap's interval of the median against the one from its asymptotic variance."""
    random = np.random.default_rng(3)
    count, mean, deviation = 900, 1e6, 5e4

    def noisy(other):
        samples = [int(each) for each in random.normal(mean, deviation, count)]
        return with_file(
            other, "model.onnx", latency=other.files["model.onnx"].latency.model_copy(update={"samples_ns": samples})
        )

    p50 = row(against(noisy(record), noisy(record), files=["model.onnx"]), "model.onnx", "p50")
    # The median of n normal samples has variance pi/2 * sigma^2 / n; here is a difference of two.
    expected = 2 * 1.96 * np.sqrt(2 * np.pi / 2 * deviation**2 / count)
    assert p50.change.high - p50.change.low == pytest.approx(expected, rel=0.35)


def test_a_bound_on_a_value_is_broken_by_the_value_of_any_file_but_the_dense(record):
    sizes = {name: file.bytes for name, file in record.files.items()}
    between = (sizes["model.onnx"] + sizes["model.tflite"]) // 2
    found = against(record, record, f"size>{between}B")
    assert {each.file: each.broken for each in found.limits} == {"model.onnx": False, "model.tflite": True}
    assert against(record, record, f"size>{between}B", files=["model.onnx"]).limits[0].broken is False
    (dense,) = against(record, record, f"size>{between}B", files=["dense.onnx"]).limits
    assert dense.broken


def test_growth_is_broken_only_where_the_whole_interval_is_beyond(record, slower):
    for factor, limit, broken in ((1.2, "p50>5%", True), (1.2, "p50>30%", False), (1.0, "p50>0%", False)):
        found = against(record, slower(record, factor), limit, files=["model.onnx"])
        assert [each.broken for each in found.limits] == [broken], (factor, limit)
    faster = against(record, slower(record, 0.5), "p50>1%", files=["model.onnx"])
    assert all(each.value == pytest.approx(-50, abs=0.1) for each in faster.limits)
    assert not any(each.broken for each in faster.limits)


def test_a_drop_of_exactly_the_bound_is_within(record, with_file):
    record = with_file(record, "model.onnx", latency=None)

    def accurate(percent):
        accuracy = record.files["model.onnx"].accuracy.model_copy(update={"percent": percent})
        return with_file(record, "model.onnx", accuracy=accuracy)

    for before, after, broken in ((99.1, 98.6, False), (98.3, 97.8, False), (99.1, 98.59, True), (97.0, 99.0, False)):
        found = against(accurate(before), accurate(after), "acc_drop>0.5", files=["model.onnx"])
        assert [each.broken for each in found.limits] == [broken], (before, after)


def test_a_limit_on_what_was_not_measured_is_refused_and_not_kept(record, with_file):
    blind = with_file(with_file(record, "model.onnx", latency=None), "model.tflite", latency=None)
    with pytest.raises(InputError, match="'p90>1ms' cannot be judged: p90 was not measured"):
        against(record, blind, "p90>1ms")


def test_files_by_name_and_records_with_nothing_in_common(record):
    found = against(record, record, files=["model.onnx"])
    assert {each.file for each in found.rows} == {"model.onnx"}
    with pytest.raises(InputError, match=r"B has no file 'model\.onx'; choose from: dense\.onnx"):
        against(record, record, files=["model.onx"])
    onnx = {name: file for name, file in record.files.items() if file.runtime == "onnxruntime"}
    tflite = {name: file for name, file in record.files.items() if file.runtime == "litert"}
    pair = [record.model_copy(update={"files": each}) for each in (onnx, tflite)]
    with pytest.raises(InputError, match="not comparable: runtime: onnxruntime and litert"):
        against(*pair)
    with pytest.raises(InputError, match="no file and metric in common"):
        against(*pair, allow=["runtime"])


def test_what_was_disturbed_or_emulated_is_said(record):
    validity = record.validity.model_copy(update={"disturbed": ["others ran"]})
    noisy = record.model_copy(update={"validity": validity})
    assert against(record, noisy, files=["model.onnx"]).notes == ["B was disturbed: others ran"]
    emulated = record.model_copy(update={"taken": "emulated"})
    found = against(emulated, emulated)
    assert [note[:13] for note in found.notes] == ["A is emulated", "B is emulated"]
    assert {each.metric for each in found.rows} == {"peak", "size", "acc"}


def test_what_differs_and_was_allowed_to_is_in_the_result(record):
    other = record.model_copy(update={"threads": 9})
    assert against(record, other, allow=["threads", "governor"], files=["model.onnx"]).allowed == {
        "threads": f"{record.threads} and 9"
    }


def test_a_metric_is_better_or_worse_in_its_own_direction(record, with_metric):
    for better, verdict, worse in (("lower", "worse", 0.5), ("higher", "better", -0.5)):
        a, b = (with_metric(record, value, better) for value in (1.0, 1.5))
        found = against(a, b, "metric>1.2,metric_drop>0.4")
        shown = row(found, "model.onnx", "metric")
        assert (shown.verdict, shown.unit, shown.difference) == (verdict, "own", 0.5)
        value, drop = [each for each in found.limits if each.file == "model.onnx"]
        assert (value.value, value.broken) == (1.5, True)
        assert (drop.value, drop.broken, drop.why) == (worse, worse > 0, "worse than A's")
        assert found.notes[0].startswith("metric is error of 24 samples; ")
    silent = with_metric(record, 1.0, None)
    assert row(against(silent, with_metric(record, 1.5, None)), "model.onnx", "metric").verdict == "more"
    with pytest.raises(InputError, match="'metric_drop>0': the build was not given which way the metric is better"):
        against(silent, silent, "metric_drop>0")


def test_a_metric_drop_of_exactly_the_bound_is_within(record, with_metric):
    for before, after, broken in ((0.3, 0.4, False), (0.3, 0.4001, True), (1e-6, 1.1e-6, False)):
        found = against(with_metric(record, before), with_metric(record, after), "metric_drop>0.1")
        assert {each.broken for each in found.limits} == {broken}
    found = against(with_metric(record, 0.5), with_metric(record, 0.5), "metric_drop>0")
    assert not any(each.broken for each in found.limits)


def test_other_metrics_are_not_compared_and_another_source_is_told(record, with_metric):
    a = with_metric(record, 1.0)
    for other in (with_metric(record, 1.0, name="iou"), with_metric(record, 1.0, samples=12)):
        found = against(a, other)
        assert not any(each.metric == "metric" for each in found.rows)
        assert found.notes[-1].startswith("A's metric is error of 24 samples, and B's ")
        with pytest.raises(InputError, match="'metric>0' cannot be judged: metric was not measured"):
            against(a, other, "metric>0")
    assert "is not the same in A and B: is the function?" in against(a, with_metric(record, 1.0, sha256="b")).notes[-1]
    assert len(against(a, with_metric(record, 1.0, sha256=None)).notes) == 1
