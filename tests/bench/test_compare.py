import operator
from pathlib import Path

import pytest

from edgecompress.bench.compare import compare
from edgecompress.bench.records import BenchRecord
from edgecompress.timing.ratio import latency_ratio

RESULTS = Path(__file__).parents[2] / "results"


def test_only_files_of_the_same_rounds_are_compared(measured):
    files = dict(measured[0].files)
    assert {(each.compressed, each.dense) for each in compare(files)} == {
        ("model.onnx", "dense.onnx"),
        ("model.tflite", "dense.tflite"),
    }
    alone = files["model.onnx"].latency.model_copy(update={"together_with": []})
    files["model.onnx"] = files["model.onnx"].model_copy(update={"latency": alone})
    assert [each.compressed for each in compare(files)] == ["model.tflite"]
    files["model.tflite"] = files["model.tflite"].model_copy(update={"latency": None})
    assert compare(files) == []


def test_the_ratio_is_the_compressed_files_over_the_dense_files(measured):
    files = measured[0].files
    (found,) = [each for each in compare(files) if each.runtime == "onnxruntime"]
    both = (files[name].latency.samples_ns for name in ("model.onnx", "dense.onnx"))
    ratio, low, high = latency_ratio(*both, processes=files["model.onnx"].latency.processes)
    assert (found.latency.ratio, found.latency.low, found.latency.high) == (ratio, low, high)
    assert found.method == "paired rounds"


def test_a_record_that_says_no_method_has_ratios_of_medians():
    record = BenchRecord.from_file(RESULTS / "alexnet-digits" / "record.json")
    assert {each.method for each in record.comparisons} == {"medians"}
    for each in record.comparisons:
        medians = (record.files[name].latency.summary.p50 for name in (each.compressed, each.dense))
        assert each.latency.ratio == pytest.approx(operator.truediv(*medians))
