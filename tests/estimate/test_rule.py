import pytest

from edgecompress import target
from edgecompress.estimate.rule import expected, of_runtime
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference


def sparse(state, zeros):
    return SparseInference(state=state, reason="", zeros=zeros)


@pytest.mark.parametrize(
    ("board", "kind", "inference", "low", "high"),
    [
        # docs/runtimes.md: ratios that were counted on emulated Cortex-A72 and A76.
        ("rpi5", "int8", None, 0.28, 0.42),
        ("rpi4", "int8", None, 0.85, 0.95),
        ("rpi5", "float16", None, 0.5, 0.67),
        ("rpi4", "compressed", sparse("on", 0.9), 0.35, 0.45),
        ("rpi4", "compressed", sparse("on", 0.8), 0.49, 0.6),
        ("rpi4", "compressed", sparse("off", 0.9), 1, 1),
        ("rpi4", "compressed", None, 1, 1),
        ("jetson-orin", "compressed", sparse("on", 0.9), 1, 1),
        ("rpi5", "dense", None, 1, 1),
    ],
)
def test_what_is_expected_is_what_was_counted_of_such_files(board, kind, inference, low, high):
    assert low <= expected(kind, "litert", target.load(board), inference) <= high


def test_of_processors_where_nothing_was_counted_nothing_is_expected():
    assert expected("int8", "litert", target.load("host"), None) is None
    assert of_runtime("onnxruntime") > of_runtime("litert") == 1
