"""Inputs to calibrate the small network of tests/formats/conftest.py with, and what it says of them."""

import numpy as np
import pytest

from edgecompress.formats.onnx.network import write_onnx as write

from ..formats.conftest import network, run, weights

__all__ = ["answers", "inputs", "network", "run", "weights"]


@pytest.fixture(scope="session")
def inputs():
    return np.random.default_rng(7).normal(size=(64, 3, 9, 9)).astype(np.float32)


@pytest.fixture(scope="session")
def answers(network, inputs, run, tmp_path_factory):
    path = tmp_path_factory.mktemp("float") / "float.onnx"
    write(network(), path, compress=False)
    return run(str(path), inputs)
