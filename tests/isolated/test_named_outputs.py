import subprocess
import sys

import numpy as np
import onnx
from onnx import helper as h

from edgecompress.isolated import named_outputs


def save(path, batch="n"):
    graph = h.make_graph(
        [h.make_node("Add", ["a", "b"], ["sum"]), h.make_node("Neg", ["a"], ["less"])],
        "g",
        [h.make_tensor_value_info(name, 1, [batch, 2, 3]) for name in "ab"],
        [h.make_tensor_value_info(name, 1, [batch, 2, 3]) for name in ("sum", "less")],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9), path)


def program(*arguments):
    command = [sys.executable, "-m", named_outputs.__name__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_output_of_every_sample_whatever_the_batch_of_the_file(tmp_path):
    a = np.arange(40 * 6, dtype=np.float32).reshape(40, 2, 3)
    np.savez(tmp_path / "x.npz", a=a, b=a)
    for batch in ("n", 4):
        save(tmp_path / "m.onnx", batch)
        assert program(tmp_path / "m.onnx", tmp_path / "x.npz", tmp_path / "y.npz").returncode == 0
        with np.load(tmp_path / "y.npz") as made:
            assert np.array_equal(made["sum"], 2 * a)
            assert np.array_equal(made["less"], -a)


def test_tflite_takes_channels_last_and_gives_the_same(tmp_path):
    import onnx_ir as ir

    from edgecompress.formats.tflite.network import write_tflite

    a, b = (np.random.default_rng(n).normal(size=(3, 2, 3)).astype(np.float32) for n in range(2))
    save(tmp_path / "m.onnx")
    write_tflite(ir.load(tmp_path / "m.onnx"), tmp_path / "m.tflite", compress=False)
    np.savez(tmp_path / "x.npz", a=a, b=b)
    assert program(tmp_path / "m.tflite", tmp_path / "x.npz", tmp_path / "y.npz").returncode == 0
    with np.load(tmp_path / "y.npz") as made:
        assert np.array_equal(made["sum"], a + b)
        assert np.array_equal(made["less"], -a)


def test_a_file_that_does_not_run_is_one_line_and_exit_code_1(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"nonsense")
    np.savez(tmp_path / "x.npz", a=np.zeros(1))
    done = program(tmp_path / "m.onnx", tmp_path / "x.npz", tmp_path / "y.npz")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_state_without_a_batch_is_taken_and_given_as_a_whole(tmp_path):
    graph = h.make_graph(
        [h.make_node("ReduceSum", ["h", "axes"], ["s"], keepdims=0), h.make_node("Add", ["x", "s"], ["y"]),
         h.make_node("Neg", ["h"], ["hn"])],
        "g",
        [h.make_tensor_value_info("x", 1, [1, 3]), h.make_tensor_value_info("h", 1, [2, 1, 3])],
        [h.make_tensor_value_info("y", 1, [1, 3]), h.make_tensor_value_info("hn", 1, [2, 1, 3])],
        [onnx.numpy_helper.from_array(np.array([0]), "axes")],
    )  # fmt: skip
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9), tmp_path / "m.onnx")
    x, state = np.ones((4, 3), np.float32), np.arange(24, dtype=np.float32).reshape(8, 1, 3)
    np.savez(tmp_path / "x.npz", x=x, h=state)
    assert program(tmp_path / "m.onnx", tmp_path / "x.npz", tmp_path / "y.npz").returncode == 0
    found = np.load(tmp_path / "y.npz")
    assert np.array_equal(found["hn"], -state)
    assert np.array_equal(found["y"], 1 + state.reshape(4, 2, 3).sum(1))
