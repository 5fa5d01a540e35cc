"""Convolutions as shifts compute what they did, and a network of 3x3 convolutions is taken with them."""

import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.sparse_inference.shifts import shifted
from edgecompress.formats.tflite.sparse_inference.verdict import judge_model
from edgecompress.formats.tflite.writer import serialize
from edgecompress.sources.to_onnx import to_onnx


class Block(nn.Module):
    """Two 3x3 convolutions of stride 2 and 1 beside a 1x1 one of stride 2."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU(), nn.Conv2d(24, 24, 3, 1, 1))
        self.shortcut = nn.Conv2d(16, 24, 1, 2)

    def forward(self, x):
        return torch.relu(self.inner(x) + self.shortcut(x))


def residual_network(stem_stride=2):
    torch.manual_seed(0)
    stem = nn.Conv2d(3, 16, 3, stem_stride, 1)
    made = nn.Sequential(stem, nn.ReLU(), Block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 5)).eval()
    for layer in made.modules():
        if isinstance(layer, nn.Conv2d) and layer is not stem:
            layer.weight.data *= torch.rand_like(layer.weight) < 0.1
    return made


@pytest.fixture(scope="module")
def residual():
    made = residual_network()
    return made, to_onnx(made, (3, 32, 32))


def test_a_residual_network_is_taken_and_computes_what_it_did(residual, here, distance, tmp_path):
    made, model = residual
    file = tmp_path / "a.tflite"

    ledger = write_tflite(model, file, compress=True, weights="float32", shifts=True)

    assert judge_model(model_file.parse(file)[1]).state == "on"
    assert ledger.remarks[1] == "convolutions computed by shifts and 1x1 convolutions: 3"
    assert distance(file) < 1e-4
    noise = np.random.default_rng(0).standard_normal((1, 32, 32, 3)).astype(np.float32)
    with torch.no_grad():
        expected = made(torch.from_numpy(noise.transpose(0, 3, 1, 2).copy())).numpy()
    assert np.abs(here.outputs(file)[0] - expected).max() < 2e-5 * np.abs(expected).max()


def test_without_an_entry_no_convolution_is_shifted_and_the_ledger_says_why(tmp_path):
    model = to_onnx(residual_network(stem_stride=1), (3, 16, 16))
    write_tflite(model, tmp_path / "plain.tflite", compress=True)

    ledger = write_tflite(model, tmp_path / "a.tflite", compress=True, shifts=True)

    assert "by shifts: none, because no 3x3 convolution of at most 3 channels" in ledger.remarks[1]
    assert (tmp_path / "a.tflite").read_bytes() == (tmp_path / "plain.tflite").read_bytes()
    ledger = write_tflite(model, tmp_path / "a.tflite", compress=True, shifts=True, sparse_inference=False)
    assert "by shifts: none, because sparse inference was not asked for" in ledger.remarks[1]


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("taps", ["all", "the first row", "one corner", "the middle"])
@pytest.mark.parametrize("stride", [1, 2])
def test_any_taps_give_the_same_sums(stride, taps, size, network, here, tmp_path):
    net = network(size=size, channels=4)
    padded = net.pad(net.input, 1, 1)
    made = net.conv(padded if stride == 2 else net.input, 6, 3, stride, same=stride == 1, zeros=0.5, act=3)
    weight = net.operators[-1].inputs[1].data
    kept = {"all": (), "the first row": (0,), "one corner": (2, 2), "the middle": (1, 1)}[taps]
    mask = np.zeros((1, 3, 3, 1), bool)
    mask[(0, *kept)] = True
    weight *= mask
    graph = net.graph(made)
    before = list(graph.operators)

    found, count = shifted(graph)

    assert count == 1 and graph.operators == before
    codes = {operator.code for operator in found.operators}
    assert codes <= {"ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "PAD"}
    files = tmp_path / "before.tflite", tmp_path / "after.tflite"
    for file, each in zip(files, (graph, found), strict=True):
        file.write_bytes(serialize(each, {}))
    (expected,), (produced,) = (here.outputs(file) for file in files)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(produced, expected, atol=1e-5)
