"""The proof on a processor without AVX, and what stands in its place where there is none."""

import pytest

from edgecompress.formats.tflite.sparse_inference import emulated


def _unsafe(network, path):
    net = network()
    x = net.conv(net.pool(net.conv(net.stem(), 16)), 16)
    return net.file(path, net.dense(net.mean(x)))


def _on(network, path):
    net = network()
    return net.file(path, net.dense(net.mean(net.conv(net.conv(net.stem(), 16), 16))))


def test_a_wrong_file_is_found_by_running_it(network, without_avx, tmp_path):
    with pytest.raises(emulated.SparseInferenceError, match=r"LiteRT's sparse kernels give another output .* by 0\.\d"):
        emulated.prove(_unsafe(network, tmp_path / "a.tflite"))


def test_a_right_file_is_shown_to_be(network, without_avx, tmp_path, monkeypatch):
    # A user's choice for this processor's NumPy, and an illegal instruction on the emulated one.
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    verdict = emulated.prove(_on(network, tmp_path / "a.tflite"))

    assert verdict.state == "on" and verdict.proof in ("emulated", "native")


def test_without_an_emulator_the_graph_decides(network, tmp_path, monkeypatch):
    monkeypatch.setattr(emulated, "here", lambda: None)

    assert emulated.prove(_on(network, tmp_path / "a.tflite")).proof == "graph"
    with pytest.raises(emulated.SparseInferenceError, match="can be wrong: MAX_POOL_2D reads"):
        emulated.prove(_unsafe(network, tmp_path / "b.tflite"))


def test_an_error_names_the_file_that_it_is_to_be(network, tmp_path, monkeypatch):
    monkeypatch.setattr(emulated, "here", lambda: None)

    with pytest.raises(emulated.SparseInferenceError, match=r"^small\.tflite: "):
        emulated.prove(
            _unsafe(network, tmp_path / "b.tflite"), named=tmp_path.joinpath("small.tflite").relative_to(tmp_path)
        )
