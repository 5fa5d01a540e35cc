import numpy as np
import pytest

from edgecompress.deploy.emulated import count as counting
from edgecompress.deploy.emulated.count import count, describe, ratio
from edgecompress.errors import InputError
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.writer import serialize


def matrix(path, inner):
    """A file that multiplies by a matrix of 256 times ``inner``."""
    x, y = Tensor("x", (1, inner)), Tensor("y", (1, 256))
    weights = Tensor("w", (256, inner), np.random.default_rng(0).standard_normal((256, inner)).astype(np.float32))
    bias = Tensor("b", (256,), np.zeros(256, np.float32))
    path.write_bytes(serialize(TfliteGraph([x], [y], [TfliteOperator("FULLY_CONNECTED", [x, weights, bias], y)]), {}))
    return path


def test_counts_grow_with_the_work_and_are_kept(x86_counts, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    small = count(matrix(tmp_path / "small.tflite", 1024), "x86-no-avx")
    large = count(matrix(tmp_path / "large.tflite", 4096), "x86-no-avx")
    assert count(tmp_path / "large.tflite", "x86-no-avx", runs=3).per_inference == pytest.approx(
        large.per_inference, rel=0.005
    )
    assert small.runtime.startswith("litert ")
    assert len(small.executed) == 4
    # Four multiplications to a vector, and a few instructions to each: the rest is the call's, and the same.
    more = (large.per_inference - small.per_inference) / (3072 * 256 / 4)
    assert 1 < more < 10
    assert ratio(large, small) == large.per_inference / small.per_inference
    monkeypatch.setattr(counting, "emulated", None)  # what is kept is not run again
    assert count(tmp_path / "small.tflite", "x86-no-avx") == small


def test_a_kept_count_is_of_the_files_bytes(x86_counts, tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"a")
    (tmp_path / "b.onnx").write_bytes(b"a")
    names = [
        counting._kept(tmp_path / name, processor, wanted, 4)
        for name, processor, wanted in (
            ("a.onnx", "x86-no-avx", ["onnxruntime==1"]),
            ("b.onnx", "x86-no-avx", ["onnxruntime==1"]),
            ("a.onnx", "x86-no-avx", ["onnxruntime==2"]),
        )
    ]
    assert names[0] == names[1] != names[2]


def test_the_least_run_counts(x86_counts):
    event = {"executed": [100, 104, 102, 300], "runtime": "litert", "version": "2.3.0"}
    counted = describe(event, "x86-no-avx")
    assert (counted.per_inference, counted.runtime) == (100, "litert 2.3.0")
    assert counted.spread == 0.03
    with pytest.raises(InputError, match="counts of different processors have no ratio: x86-no-avx and cortex-a72"):
        ratio(counted, counted.model_copy(update={"processor": "cortex-a72"}))


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*absent\.onnx"):
        count(tmp_path / "absent.onnx", "cortex-a72")
