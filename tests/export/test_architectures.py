"""Networks that others wrote, from PyTorch to packed files: what ``benchmarks/architectures.py`` asserts, smaller."""

import numpy as np
import pytest
import torch
from architectures import SAMPLES, TOLERANCE, measured, wrong
from foreign_networks import NETWORKS
from sklearn.datasets import load_sample_images

QUICK = ("squeezenet1_1", "ds_cnn")
# The benchmark has them too. Here they would take a third of the time: ResNet18 has ResNet50's operators, and a small
# DenseNet is among the edge networks.
BENCHMARK_ALONE = ("resnet50", "densenet121")
SIZE = 64


def photographs(name):
    """Parts of scikit-learn's two photographs as inputs of any shape: they have correlations that noise has not."""
    shape = NETWORKS[name].input_shape(SIZE)
    corners = [(y, x) for y in (0, 170, 340) for x in (0, 170, 340, 510)]
    parts = np.stack([image[y : y + 85, x : x + 85] for image in load_sample_images().images for y, x in corners])
    x = torch.from_numpy(parts.transpose(0, 3, 1, 2).astype(np.float32) / 64 - 2)
    if len(shape) != 3 or shape[0] != 3:
        x = x.mean(1, keepdim=True)
    size = shape[-2:] if len(shape) > 1 else (1, *shape)
    return torch.nn.functional.interpolate(x, size, mode="bilinear").reshape(-1, *shape)


def marked(name):
    return name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [marked(name) for name in NETWORKS if name not in BENCHMARK_ALONE])
def test_files_of_a_foreign_network_compute_what_pytorch_does_and_get_smaller(tmp_path, name):
    row = measured(name, SIZE, photographs(name), tmp_path)
    assert not wrong(row), row["difference"]
    # PyTorch's own float32 is about the tolerance off its float64 for the U-Net alone, more or less by the processor.
    judged = [each for file, each in row["difference"].items() if not file.startswith("float16")]
    near = all(value <= TOLERANCE for each in judged for value in each.values())
    assert near or name == "unet_mobilenet_v2", row["difference"]
    assert row["difference"].keys() >= {"dense.onnx", "dense.tflite", "packed.onnx", "packed.tflite"}
    assert {kind for each in row["difference"].values() for kind in each} == {"random", "real"}
    assert row["difference"]["float16.tflite"]["real"] < 2e-2
    for kind, sizes in row["bytes"].items():
        assert sizes["ecz"] < sizes["packed"]
        # An LSTM is unrolled in TFLite: its graph of many operators is most of the file, and stays.
        assert (name, kind) == ("lstm", "tflite") or sizes["packed"] < sizes["dense"] / 2
        assert sizes["dense"] - sizes["packed"] > 0.75 * 4 * row["parameters"]
    # What stays is what the network itself asks for: channel shuffles, and the heads of an attention.
    if name not in ("shufflenet_v2_x1_0", "vit_tiny_patch16"):
        assert row["transposes"] == 0


def test_what_differs_is_found_out():
    difference = {"dense.onnx": {"random": 1e-6, "real": 2e-4}, "float16.tflite": {"random": 1e-2, "real": 1e-2}}
    own = {stage: {"random": 1e-3, "real": 9e-5} for stage in ("dense", "packed")}
    assert wrong({"difference": difference, "float32": own}) == ["dense.onnx real 2.0e-04"]
    assert wrong({"difference": {"packed.tflite": {"random": float("nan"), "real": 0.0}}, "float32": own})
    own["dense"]["real"] = 1.1e-4
    assert not wrong({"difference": difference, "float32": own})
    assert SAMPLES > 1
