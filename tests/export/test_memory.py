import pytest

from edgecompress.errors import CheckError
from edgecompress.export.memory import memory


def test_a_process_that_loads_a_file_needs_more_than_the_weights_and_less_than_the_machine(small_bundle):
    dense = small_bundle / "dense.onnx"
    measured = memory(dense)
    assert dense.stat().st_size < measured.after_load <= measured.peak < 2**31


def test_a_file_that_its_runtime_refuses_is_named(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(CheckError, match=r"broken\.onnx"):
        memory(tmp_path / "broken.onnx")
