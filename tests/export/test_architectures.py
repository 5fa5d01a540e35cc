"""Networks that others wrote, from PyTorch to packed files: what ``benchmarks/architectures.py`` asserts, smaller."""

import numpy as np
import pytest
import torch
from architectures import SAMPLES, measured, wrong
from foreign_networks import NETWORKS
from sklearn.datasets import load_digits

QUICK = ("squeezenet1_1", "ds_cnn")
SIZE = 64


def digits(name):
    """Images of digits as inputs of any shape: real numbers with the correlations that noise has not."""
    shape = NETWORKS[name].input_shape(SIZE)
    images = torch.from_numpy(load_digits().images[:24].astype(np.float32))[:, None] / 8 - 1
    size = shape[-2:] if len(shape) > 1 else (1, *shape)
    resized = torch.nn.functional.interpolate(images, size, mode="bilinear")
    return resized.expand(-1, 3, -1, -1) if len(shape) == 3 and shape[0] == 3 else resized.reshape(-1, *shape)


# With statistics of twenty small images its float32 is of no use on noise: PyTorch's own is 1.1e-4 off its float64,
# onnxruntime's 2.7e-4 (0.9e-4 without its optimisations).
ILL_CONDITIONED = {"mobilenet_v3_small": pytest.mark.xfail(reason="float32 on noise is 1e-4 off float64", strict=True)}


def marked(name):
    slow = [] if name in QUICK else [pytest.mark.slow]
    return pytest.param(name, marks=[*slow, *([ILL_CONDITIONED[name]] if name in ILL_CONDITIONED else [])])


@pytest.mark.parametrize("name", map(marked, NETWORKS))
def test_files_of_a_foreign_network_compute_what_pytorch_does_and_get_smaller(tmp_path, name):
    row = measured(name, SIZE, digits(name), tmp_path)
    assert not wrong(row), row["difference"]
    assert row["difference"].keys() >= {"dense.onnx", "dense.tflite", "packed.onnx", "packed.tflite"}
    assert {kind for each in row["difference"].values() for kind in each} == {"random", "real"}
    assert row["difference"]["float16.tflite"]["real"] < 2e-2
    for sizes in row["bytes"].values():
        assert sizes["ecz"] < sizes["packed"] < sizes["dense"] / 2
    # What stays is what the network itself asks for: channel shuffles, and the heads of an attention.
    if name not in ("shufflenet_v2_x1_0", "vit_tiny_patch16"):
        assert row["transposes"] == 0


def test_what_differs_is_found_out():
    difference = {"dense.onnx": {"random": 1e-6, "real": 2e-4}, "float16.tflite": {"random": 1e-2, "real": 1e-2}}
    assert wrong({"difference": difference}) == ["dense.onnx 2.0e-04"]
    assert wrong({"difference": {"packed.tflite": {"random": float("nan"), "real": 0.0}}})
    assert SAMPLES > 1
