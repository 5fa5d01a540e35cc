"""Inputs to calibrate the small network of tests/formats/conftest.py with, and what it says of them."""

import numpy as np
import onnx_ir as ir
import pytest

from edgecompress.formats.onnx.network import write_onnx as write

from ..formats.conftest import network, run, weights

__all__ = ["answers", "inputs", "network", "run", "unclustered", "weights"]


@pytest.fixture(scope="session")
def unclustered(network):
    """The small network with as many values as it has weights; zeros stay."""

    def made():
        model, random = network(), np.random.default_rng(11)
        for value in model.graph.initializers.values():
            array = value.const_value.numpy()
            if array.ndim > 1:
                moved = array * random.uniform(0.9, 1.1, array.shape)
                value.const_value = ir.Tensor(moved.astype(np.float32), name=value.name)
        return model

    return made


@pytest.fixture(scope="session")
def inputs():
    return np.random.default_rng(7).normal(size=(64, 3, 9, 9)).astype(np.float32)


@pytest.fixture(scope="session")
def answers(network, inputs, run, tmp_path_factory):
    path = tmp_path_factory.mktemp("float") / "float.onnx"
    write(network(), path, compress=False)
    return run(str(path), inputs)
