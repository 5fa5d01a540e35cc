"""Networks written for sparse inference compute what they did, and are taken on a processor without AVX."""

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.sparse_inference import enable
from edgecompress.formats.tflite.sparse_inference.enable import Enabled, enabled
from edgecompress.formats.tflite.sparse_inference.verdict import judge_model
from edgecompress.sources.to_onnx import to_onnx


def conv(inputs, outputs, kernel=1, stride=1, groups=1, act=nn.ReLU6):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([act()] if act else []))


class Excite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        pool, gate = nn.AdaptiveAvgPool2d(1), nn.Hardsigmoid()
        self.scale = nn.Sequential(pool, nn.Conv2d(channels, 8, 1), nn.ReLU(), nn.Conv2d(8, channels, 1), gate)

    def forward(self, x):
        return x * self.scale(x)


class Gated(nn.Module):
    """A gate that no convolution makes."""

    def forward(self, x):
        return x * nn.functional.hardsigmoid(x.mean((2, 3), keepdim=True))


class Squared(nn.Module):
    """The square of a gate, between two convolutions."""

    def forward(self, x):
        gate = nn.functional.hardsigmoid(x)
        return gate * gate


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


def head(channels):
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 5)


def separable(size=3, channels=3):
    body = [conv(16, 16, size, 1, 16), conv(16, 32), conv(32, 32, size, 2, 32), conv(32, 48)]
    return nn.Sequential(conv(channels, 16, 3, 2), *body, *head(48))


def inverted():
    block = Residual(conv(24, 48), conv(48, 48, 3, 1, 48), conv(48, 24, act=None))
    return nn.Sequential(conv(3, 16, 3, 2), conv(16, 24), block, conv(24, 64), *head(64))


def excited():
    swish = nn.Hardswish
    return nn.Sequential(
        conv(3, 16, 3, 2, act=swish), conv(16, 48), conv(48, 48, 5, 2, 48, swish), Excite(48), conv(48, 64), *head(64)
    )


def convolutional_head():
    return nn.Sequential(conv(3, 16, 3, 2), conv(16, 64), nn.AdaptiveAvgPool2d(1), nn.Conv2d(64, 5, 1), nn.Flatten())


def pooled_head():
    return nn.Sequential(conv(3, 16, 3, 2), conv(16, 64), nn.AvgPool2d(16), nn.Flatten(), nn.Linear(64, 5))


TAKEN = {
    "separable": (separable, (3, 32, 32)),
    "separable, odd": (separable, (3, 33, 35)),
    "separable, 5x5": (lambda: separable(5), (3, 32, 32)),
    "one channel": (lambda: separable(channels=1), (1, 32, 32)),
    "two channels": (lambda: separable(channels=2), (2, 32, 32)),
    "inverted residuals": (inverted, (3, 32, 32)),
    "squeeze-excite, hard swish": (excited, (3, 32, 32)),
    "maps of one place": (excited, (3, 4, 4)),
    "inverted residuals of one place": (inverted, (3, 2, 2)),
    "a convolution as head": (convolutional_head, (3, 32, 32)),
    "an average pool over the map": (pooled_head, (3, 32, 32)),
}


def pruned(network, zeros=0.9):
    torch.manual_seed(1)
    network = network().eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
        elif isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
            weight = layer.weight.data
            weight[weight.abs() <= weight.abs().flatten().kthvalue(int(zeros * weight.numel())).values] = 0
    return network


@pytest.mark.parametrize(("build", "side", "taken"), [(excited, 32, True), (excited, 4, False), (inverted, 2, False)])
def test_maps_of_few_places_do_not_pay(build, side, taken, tmp_path):
    ledger = write_tflite(to_onnx(pruned(build), (3, side, side)), tmp_path / "a.tflite", compress=True)
    assert ("LiteRT skips zeros" in ledger.remarks[0]) == taken
    assert ("on maps as small as its own" in ledger.remarks[0]) != taken


@pytest.mark.parametrize("name", TAKEN)
def test_a_network_is_taken_and_computes_what_it_did(name, here, distance, tmp_path, monkeypatch):
    monkeypatch.setattr(enable, "_PAYS", float("inf"))
    build, shape = TAKEN[name]
    network = pruned(build)
    model = to_onnx(network, shape)
    file = tmp_path / "a.tflite"

    ledger = write_tflite(model, file, compress=True, weights="float32")

    assert judge_model(model_file.parse(file)[1]).state == "on"
    assert "LiteRT skips zeros" in ledger.remarks[0]
    assert distance(file) < 1e-4
    noise = np.random.default_rng(0).standard_normal((1, *shape[1:], shape[0])).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(noise.transpose(0, 3, 1, 2).copy())).numpy()
    (produced,) = here.outputs(file)
    assert np.abs(produced - expected).max() < 2e-5 * np.abs(expected).max()


def test_zeros_in_pairs_of_outputs_make_the_file_smaller_than_split_layers_do(distance, tmp_path):
    torch.manual_seed(1)
    network = nn.Sequential(conv(3, 16, 3, 2), conv(16, 320), conv(320, 320), *head(320)).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
            layer.weight.data *= (torch.rand(layer.out_channels // 2, layer.in_channels, 1, 1) < 0.1).repeat_interleave(
                2, 0
            )
    model = to_onnx(network, (3, 32, 32))
    split, whole = tmp_path / "split.tflite", tmp_path / "whole.tflite"

    write_tflite(model, split, compress=True, sparse_inference=False)
    write_tflite(model, whole, compress=True)

    assert whole.stat().st_size < split.stat().st_size
    assert judge_model(model_file.parse(whole)[1]).state == "on"
    assert distance(whole) < 1e-4


def stopped(*between, stride=2, channels=3):
    return nn.Sequential(conv(channels, 8, 3, stride), *between, conv(64 if len(between) > 1 else 8, 64), *head(64))


LEFT = {
    "a pool after the stem": (lambda: stopped(nn.MaxPool2d(2)), 3, "follows the first convolution"),
    "a pool in the middle": (lambda: stopped(conv(8, 64), nn.MaxPool2d(2)), 3, "MAX_POOL_2D reads"),
    "stride 1": (lambda: stopped(stride=1), 3, "stride 2 and padding 1"),
    "four channels": (lambda: stopped(channels=4), 4, "at most 3 channels"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_taken_stays_off_and_says_why(name, distance, tmp_path):
    network, channels, reason = LEFT[name]
    file = tmp_path / "a.tflite"

    ledger = write_tflite(to_onnx(pruned(network), (channels, 32, 32)), file, compress=True)

    assert judge_model(model_file.parse(file)[1]).state == "off"
    assert distance(file) < 1e-3
    assert "zeros are not skipped: " in ledger.remarks[0]
    assert reason in ledger.remarks[0]


@pytest.mark.parametrize(
    "between",
    [(Excite(64), nn.Sigmoid()), (Excite(64), nn.Hardswish()), (Gated(),), (conv(64, 64, act=None), Squared())],
    ids=["sigmoid", "swish", "gated", "squared"],
)
def test_a_gate_of_another_form_stays_and_computes_what_it_did(between, here, distance, tmp_path):
    network, file = pruned(lambda: stopped(conv(8, 64), nn.Sequential(*between))), tmp_path / "a.tflite"

    write_tflite(to_onnx(network, (3, 32, 32)), file, compress=True, weights="float32")

    assert distance(file) < 1e-4
    noise = np.random.default_rng(0).standard_normal((1, 32, 32, 3)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(noise.transpose(0, 3, 1, 2).copy())).numpy()
    assert np.abs(here.outputs(file)[0] - expected).max() < 2e-5 * np.abs(expected).max()


def test_few_zeros_do_not_pay_and_the_graph_stays_as_it_was(tmp_path):
    graph = lower(to_onnx(pruned(separable, zeros=0.7), (3, 32, 32)))
    before = [(operator.code, list(operator.inputs)) for operator in graph.operators]

    found = enabled(graph)

    assert isinstance(found, str) and "70 % of its 1x1 weights are zeros" in found
    assert [(operator.code, list(operator.inputs)) for operator in graph.operators] == before
    assert isinstance(enabled(lower(to_onnx(pruned(separable), (3, 32, 32)))), Enabled)


def test_the_stem_is_written_so_that_the_kernels_stay_off_where_that_is_asked_for(distance, tmp_path):
    """The padding of the stem is trimmed: a guard, not an accident."""
    model = to_onnx(pruned(separable), (3, 32, 32))
    file = tmp_path / "a.tflite"

    write_tflite(model, file, compress=True, sparse_inference=False)

    _, parsed = model_file.parse(file)
    assert judge_model(parsed).state == "off"
    assert "begins a run" in judge_model(parsed).reason


def test_onnx_and_tflite_files_of_one_network_agree(here, tmp_path):
    network = pruned(excited)
    model = to_onnx(network, (3, 32, 32))
    write_onnx(model, tmp_path / "a.onnx", compress=True)
    write_tflite(model, tmp_path / "a.tflite", compress=True, weights="float32")
    noise = np.random.default_rng(0).standard_normal((1, 32, 32, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx", providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"input": noise.transpose(0, 3, 1, 2)})

    (produced,) = here.outputs(tmp_path / "a.tflite")

    assert np.abs(produced - expected).max() < 2e-5 * np.abs(expected).max()


def test_many_residual_layers_on_a_map_of_one_place_are_walked_once(monkeypatch):
    """Each doubles the ways from the average to the output."""
    torch.manual_seed(0)
    blocks = [Residual(conv(8, 8)) for _ in range(22)]
    pool = nn.AdaptiveAvgPool2d(1)
    network = nn.Sequential(conv(3, 8, 3, 2), pool, *blocks, nn.Conv2d(8, 5, 1), nn.Flatten()).eval()
    looked, readers = [], enable._readers
    monkeypatch.setattr(enable, "_readers", lambda *given: looked.append(1) or readers(*given))
    enabled(lower(to_onnx(network, (3, 16, 16))))
    assert 0 < len(looked) < 100**2
