import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.equivalence.attempts import Attempt, attempts
from edgecompress.errors import CheckError
from edgecompress.formats.onnx import equivalence
from edgecompress.formats.onnx.attempts import inputs, wanted
from edgecompress.formats.onnx.equivalence import FOLDED
from edgecompress.formats.onnx.pack import pack_onnx
from edgecompress.formats.onnx.random_outputs import UNFOLDED

PEAK = """
import sys
from edgecompress.formats.onnx.random_outputs import main
assert not main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def tries_of(source):
    graph = onnx.load(source).graph
    return attempts(inputs(graph), None, wanted(graph))


def prove(source, packed, target, **options):
    return equivalence.prove(source, packed, target, tries=tries_of(source), **options)


@pytest.fixture
def save(tmp_path):
    def save(name, weight, *, kind=TensorProto.FLOAT, op="MatMul"):
        graph = helper.make_graph(
            [helper.make_node(op, ["x", "w"], ["y"])],
            "g",
            [helper.make_tensor_value_info("x", kind, [2, 4])],
            [helper.make_tensor_value_info("y", kind, None)],
            [numpy_helper.from_array(weight, "w")],
        )
        path = tmp_path / name
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
        return path

    return save


def test_the_same_weights_pass_and_others_do_not(save, tmp_path):
    weight = np.arange(12, dtype=np.float32).reshape(4, 3)
    source = save("source.onnx", weight)
    prove(source, save("packed.onnx", weight), tmp_path / "target.onnx")
    with pytest.raises(CheckError, match=r"target\.onnx: packed, the model's output 'y' differs") as caught:
        prove(source, save("wrong.onnx", weight * np.float32(1.001)), tmp_path / "target.onnx")
    assert "\n" not in str(caught.value)


def test_integers_must_be_equal(save, tmp_path):
    weight = np.full((2, 4), 1000, np.int64)
    source = save("source.onnx", weight, kind=TensorProto.INT64, op="Add")
    with pytest.raises(CheckError, match="differs"):
        prove(source, save("wrong.onnx", weight + 1, kind=TensorProto.INT64, op="Add"), tmp_path / "target.onnx")


def test_a_file_that_does_not_load_is_refused(save, tmp_path):
    source = save("source.onnx", np.ones((4, 3), np.float32))
    (tmp_path / "broken.onnx").write_bytes(source.read_bytes()[:-20])
    with pytest.raises(CheckError, match="does not load in onnxruntime") as caught:
        prove(source, tmp_path / "broken.onnx", tmp_path / "target.onnx")
    assert f"keep {source}" in str(caught.value)


def test_a_source_that_random_inputs_do_not_run_need_only_load_and_is_not_proved(save, tmp_path):
    shape = np.array([5, 5])  # which 8 numbers cannot have
    source = save("source.onnx", shape, op="Reshape")
    proof = prove(source, save("packed.onnx", shape, op="Reshape"), tmp_path / "target.onnx")
    assert not proof.compared
    assert "not compared, because onnxruntime does not run source.onnx" in proof.words
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(CheckError, match="does not load"):
        prove(source, tmp_path / "broken.onnx", tmp_path / "target.onnx")


def test_what_was_compared_is_said(save, tmp_path):
    weight = np.ones((4, 3), np.float32)
    proof = prove(save("source.onnx", weight), save("packed.onnx", weight), tmp_path / "target.onnx")
    assert (proof.compared, proof.inputs, proof.words) == (("y",), {"x": (2, 4)}, "proved")


def test_operators_that_the_runtime_lacks_and_noise_are_no_proof(save, tmp_path):
    source = save("source.onnx", np.ones((4, 3), np.float32), op="NoSuchOperator")
    proof = prove(source, source, tmp_path / "target.onnx")
    assert "not compared, because onnxruntime does not load source.onnx" in proof.words
    source = save("nan.onnx", np.full((4, 3), np.nan, np.float32))
    assert "not compared, because the output 'y' is NaN throughout" in prove(source, source, source).words
    model = onnx.load(save("noise.onnx", np.ones((4, 3), np.float32)))
    model.graph.node.append(helper.make_node("RandomNormalLike", ["y"], ["z"]))
    model.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, None))
    onnx.save(model, tmp_path / "noise.onnx")
    proof = prove(*[tmp_path / "noise.onnx"] * 3)
    assert (proof.compared, proof.words.startswith("weights identical")) == (("y",), True)
    assert "'z' is another at every run" in proof.words


def test_a_file_of_many_weights_is_judged_as_it_decodes_them(save, tmp_path):
    random = np.random.default_rng(0)
    levels = random.normal(size=4)[random.integers(0, 4, (4, 60000))]
    weight = np.where(random.random((4, 60000)) < 0.9, 0, levels).astype(np.float32)
    source, packed = save("source.onnx", weight), tmp_path / "packed.onnx"
    pack_onnx(source, packed)
    prove(source, packed, tmp_path / "target.onnx", weights=FOLDED + 1)
    model = onnx.load(packed)
    palette = next(tensor for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT)
    palette.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(palette) * np.float32(1.001), palette.name))
    onnx.save(model, packed)
    with pytest.raises(CheckError, match="output 'y' differs"):
        prove(source, packed, tmp_path / "target.onnx", weights=FOLDED + 1)
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(CheckError, match="does not load"):
        prove(source, packed, tmp_path / "target.onnx", weights=FOLDED + 1)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_weights_that_are_decoded_as_the_file_runs_take_less_memory(save, tmp_path):
    random = np.random.default_rng(0)
    weight = random.normal(size=8)[random.integers(0, 8, (4, 2**20))]
    weight = np.where(random.random(weight.shape) < 0.9, 0, weight).astype(np.float32)
    source, packed = save("source.onnx", weight), tmp_path / "packed.onnx"
    pack_onnx(source, packed)

    (tmp_path / "tries.json").write_text(json.dumps([Attempt(shapes={"x": (2, 4)}).model_dump()]))

    def peak(*how):
        command = [sys.executable, "-c", PEAK, packed, tmp_path / "tries.json", tmp_path, *how]
        return 1024 * int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert peak(UNFOLDED) < peak() - 2 * weight.nbytes
