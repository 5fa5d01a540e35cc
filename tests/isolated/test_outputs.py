import numpy as np
import pytest

from edgecompress.errors import CheckError
from edgecompress.isolated.outputs import outputs

from .test_named_outputs import save

A = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)


def test_outputs_come_by_name_from_a_process_of_its_own(tmp_path):
    save(tmp_path / "m.onnx")
    found = outputs(tmp_path / "m.onnx", {"a": A, "b": A})
    assert np.array_equal(found["sum"], 2 * A)
    assert np.array_equal(found["less"], -A)


def test_a_file_that_its_runtime_refuses_is_named_with_the_reason(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"nonsense")
    with pytest.raises(CheckError, match="its runtime does not run it: "):
        outputs(tmp_path / "m.onnx", {"a": A})
