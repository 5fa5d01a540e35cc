import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import helper as h

from edgecompress.errors import CheckError, InputError
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.isolated.outputs import run

A = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
INPUTS = {"a": A, "b": A}


def save(path, batch="n", length=3):
    graph = h.make_graph(
        [h.make_node("Add", ["a", "b"], ["sum"]), h.make_node("Neg", ["a"], ["less"])],
        "g",
        [h.make_tensor_value_info(name, 1, [batch, 2, length]) for name in "ab"],
        [h.make_tensor_value_info(name, 1, [batch, 2, length]) for name in ("sum", "less")],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9), path)


def test_every_output_of_every_sample_whatever_the_batch_of_the_file(tmp_path):
    a = np.arange(40 * 6, dtype=np.float32).reshape(40, 2, 3)
    for batch in ("n", 4):
        save(tmp_path / "m.onnx", batch)
        made = run(tmp_path / "m.onnx", {"a": a, "b": a}, layout="channels_first", batch=32).arrays
        assert np.array_equal(made["sum"], 2 * a)
        assert np.array_equal(made["less"], -a)


def test_sizes_that_a_file_leaves_free_are_those_of_what_it_is_given(tmp_path):
    save(tmp_path / "m.onnx", length="long")
    made = run(tmp_path / "m.onnx", INPUTS, layout="channels_first", batch=32).arrays
    assert np.array_equal(made["sum"], 2 * A)


def test_tflite_takes_channels_last_and_gives_the_same(tmp_path):
    a, b = (np.random.default_rng(n).normal(size=(3, 2, 3)).astype(np.float32) for n in range(2))
    save(tmp_path / "m.onnx")
    write_tflite(ir.load(tmp_path / "m.onnx"), tmp_path / "m.tflite", compress=False)
    made = run(tmp_path / "m.tflite", {"a": a, "b": b}, layout="channels_last", batch=1).arrays
    assert np.array_equal(made["sum"], a + b)
    assert np.array_equal(made["less"], -a)


def test_a_file_that_does_not_run_and_inputs_that_do_not_fit_are_one_line(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"nonsense")
    with pytest.raises(CheckError, match=r"^\S*broken\.onnx: .*does not load broken\.onnx: .+$"):
        run(tmp_path / "broken.onnx", INPUTS, layout="channels_first", batch=32)
    save(tmp_path / "m.onnx")
    with pytest.raises(InputError, match=r"^the inputs have no array 'b' \(they have a\)$"):
        run(tmp_path / "m.onnx", {"a": A}, layout="channels_first", batch=32)
