import onnx
import pytest
from onnx import TensorProto, helper

from edgecompress.errors import CheckError
from edgecompress.export.memory import memory


def test_a_process_that_loads_a_file_needs_more_than_the_weights_and_less_than_the_machine(small_bundle):
    dense = small_bundle / "dense.onnx"
    measured = memory(dense)
    assert dense.stat().st_size < measured.after_load <= measured.peak < 2**31


def test_a_file_of_a_fixed_batch_is_run_on_that_many_samples(tmp_path, small_bundle):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [8, 4]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "fixed", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "f.onnx")
    assert memory(tmp_path / "f.onnx").samples == 8
    assert memory(small_bundle / "dense.onnx").samples == 1


def test_a_file_that_its_runtime_refuses_is_named(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(CheckError, match=r"broken\.onnx"):
        memory(tmp_path / "broken.onnx")
