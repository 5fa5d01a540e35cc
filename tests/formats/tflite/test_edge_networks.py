"""The shapes that networks for the edge have, small: ONNX and TFLite compute what PyTorch does, dense and compressed.

They are written here from the papers, so small that all of them run in seconds; the real ones are in
``tests/export/test_architectures.py``. Widths are small, the operators are those of the real networks.
"""

import copy
from itertools import pairwise

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch
import torch.nn.functional as f
from torch import nn

from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.sources.to_onnx import to_onnx

# As fractions of the largest output: float32 sums in another order, through tens of layers.
TOLERANCE = 2e-5


def conv(inputs, outputs, kernel=3, stride=1, groups=1, act=nn.ReLU6, dilation=1):
    pad = dilation * (kernel - 1) // 2
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([act()] if act else []))


def head(channels):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels, 5))


class SqueezeExcite(nn.Module):
    """Hu et al. 2018, as MobileNetV3 has it."""

    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, 4, 1), nn.ReLU(), nn.Conv2d(4, channels, 1), nn.Hardsigmoid()
        )

    def forward(self, x):
        return x * self.scale(x)


class InvertedResidual(nn.Module):
    """Sandler et al. 2018, figure 4; with ``excite`` that of Howard et al. 2019."""

    def __init__(self, inputs, outputs, stride, kernel=3, act=nn.ReLU6, excite=False):
        super().__init__()
        wide = inputs * 3
        self.skips = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            conv(inputs, wide, 1, act=act),
            conv(wide, wide, kernel, stride, groups=wide, act=act),
            SqueezeExcite(wide) if excite else nn.Identity(),
            conv(wide, outputs, 1, act=None),
        )

    def forward(self, x):
        return x + self.layers(x) if self.skips else self.layers(x)


def mobilenet_v2():
    blocks = [InvertedResidual(8, 8, 1), InvertedResidual(8, 12, 2), InvertedResidual(12, 12, 1)]
    return nn.Sequential(conv(3, 8, 3, 2), *blocks, conv(12, 24, 1), head(24))


def mobilenet_v3():
    swish = nn.Hardswish
    blocks = [
        InvertedResidual(8, 8, 2, act=nn.ReLU, excite=True),
        InvertedResidual(8, 12, 1, 5, swish, True),
        InvertedResidual(12, 12, 1, 5, swish, True),
    ]
    return nn.Sequential(conv(3, 8, 3, 2, act=swish), *blocks, conv(12, 24, 1, act=swish), head(24))


def efficientnet_lite0():
    blocks = [InvertedResidual(8, 12, 2, 5), InvertedResidual(12, 12, 1, 5)]
    return nn.Sequential(conv(3, 8, 3, 2), *blocks, conv(12, 24, 1), head(24))


class Fire(nn.Module):
    """Iandola et al. 2016, figure 1."""

    def __init__(self, inputs, squeeze, expand):
        super().__init__()
        self.squeeze, self.one = nn.Conv2d(inputs, squeeze, 1), nn.Conv2d(squeeze, expand, 1)
        self.three = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = f.relu(self.squeeze(x))
        return torch.cat([f.relu(self.one(x)), f.relu(self.three(x))], 1)


def squeezenet():
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    layers = [nn.Conv2d(3, 8, 3, 2), nn.ReLU(), pool, Fire(8, 4, 8), Fire(16, 4, 8), pool, Fire(16, 4, 12)]
    return nn.Sequential(*layers, nn.Conv2d(24, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Shuffle(nn.Module):
    """Ma et al. 2018, figure 3 (c)."""

    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            conv(half, half, 1, act=nn.ReLU), conv(half, half, groups=half, act=None), conv(half, half, 1, act=nn.ReLU)
        )

    def forward(self, x):
        kept, given = x.chunk(2, 1)
        x = torch.cat([kept, self.branch(given)], 1)
        batch, channels, height, width = x.shape
        return x.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(batch, channels, height, width)


def shufflenet_v2():
    return nn.Sequential(conv(3, 8, 3, 2, act=nn.ReLU), nn.MaxPool2d(3, 2, 1), Shuffle(8), Shuffle(8), head(8))


class Bottleneck(nn.Module):
    """He et al. 2016, figure 5, with the groups of Xie et al. 2017."""

    def __init__(self, inputs, stride):
        super().__init__()
        self.layers = nn.Sequential(
            conv(inputs, 8, 1, act=nn.ReLU), conv(8, 8, 3, stride, 2, nn.ReLU), conv(8, inputs, 1, act=None)
        )
        self.short = conv(inputs, inputs, 1, stride, act=None) if stride > 1 else nn.Identity()

    def forward(self, x):
        return f.relu(self.layers(x) + self.short(x))


def resnet50():
    pool = nn.MaxPool2d(3, 2, 1)
    return nn.Sequential(conv(3, 16, 7, 2, act=nn.ReLU), pool, Bottleneck(16, 1), Bottleneck(16, 2), head(16))


class Dense(nn.Module):
    """Huang et al. 2017, equation 2: each layer reads all before it."""

    def __init__(self, inputs, layers):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(inputs + 4 * place),
                nn.ReLU(),
                nn.Conv2d(inputs + 4 * place, 8, 1, bias=False),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.Conv2d(8, 4, 3, padding=1, bias=False),
            )
            for place in range(layers)
        )

    def forward(self, x):
        found = [x]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)))
        return torch.cat(found, 1)


def densenet():
    transition = [nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 12, 1, bias=False), nn.AvgPool2d(2)]
    return nn.Sequential(conv(3, 8, 3, 2, act=nn.ReLU), Dense(8, 6), *transition, Dense(12, 2), nn.ReLU(), head(20))


class UNet(nn.Module):
    """Ronneberger, Fischer and Brox 2015, figure 1; one step up by a transposed convolution, one by interpolation."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList(conv(i, o, act=nn.ReLU) for i, o in ((3, 4), (4, 8), (8, 16)))
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.across = nn.ModuleList((conv(16, 8, act=nn.ReLU), conv(12, 4, act=nn.LeakyReLU)))
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        first = self.down[0](x)
        second = self.down[1](f.max_pool2d(first, 2))
        x = self.up(self.down[2](f.max_pool2d(second, 2)))
        x = self.across[0](torch.cat([second, x], 1))
        x = f.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.softmax(self.last(self.across[1](torch.cat([first, x], 1))), 1)


def ds_cnn():
    """Zhang et al. 2018, Hello Edge: spectrograms of 49 by 10."""
    first = nn.Sequential(nn.Conv2d(1, 8, (10, 4), 2, (5, 1), bias=False), nn.BatchNorm2d(8), nn.ReLU())
    blocks = [layer for _ in range(2) for layer in (conv(8, 8, groups=8, act=nn.ReLU), conv(8, 8, 1, act=nn.ReLU))]
    return nn.Sequential(first, *blocks, head(8))


def autoencoder():
    """The anomaly detector of MLPerf Tiny (Banbury et al. 2021): layers of BatchNormalization and ReLU."""
    sizes = [64, 16, 16, 4, 16, 64]
    layers = [
        layer
        for inputs, outputs in pairwise(sizes)
        for layer in (nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())
    ]
    return nn.Sequential(*layers[:-2])


class ViT(nn.Module):
    """Dosovitskiy et al. 2021, figure 1."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.positions = nn.Parameter(torch.randn(1, 17, 16))
        layer = nn.TransformerEncoderLayer(16, 2, 32, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.last = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 5))

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.last(self.encoder(x)[:, 0])


class Recurrent(nn.Module):
    """A recurrent layer over a series (N, C, L), as sensors give it, and a layer on its last state."""

    def __init__(self, kind):
        super().__init__()
        self.layer = kind(6, 8, num_layers=2, batch_first=True, bidirectional=True)
        self.last = nn.Linear(16, 5)

    def forward(self, x):
        return self.last(self.layer(x.transpose(1, 2))[0][:, -1])


IMAGE = (3, 32, 32)
# The TRANSPOSE operators that remain are those that the network itself asks for: of the shuffles, of the attention.
NETWORKS = {
    "mobilenet_v2": (mobilenet_v2, IMAGE, 0),
    "mobilenet_v3": (mobilenet_v3, IMAGE, 0),
    "efficientnet_lite0": (efficientnet_lite0, IMAGE, 0),
    "squeezenet": (squeezenet, IMAGE, 0),
    "shufflenet_v2": (shufflenet_v2, IMAGE, 2),
    "resnet50": (resnet50, IMAGE, 0),
    "densenet": (densenet, IMAGE, 0),
    "unet": (UNet, IMAGE, 0),
    "ds_cnn": (ds_cnn, (1, 49, 10), 0),
    "autoencoder": (autoencoder, (64,), 0),
    "vit": (ViT, IMAGE, None),
    "lstm": (lambda: Recurrent(nn.LSTM), (6, 9), None),
    "gru": (lambda: Recurrent(nn.GRU), (6, 9), None),
}


def trained(factory):
    """The network with statistics and biases that are not those of a fresh one, and half of its weights zero."""
    torch.manual_seed(0)
    network = factory().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for parameter in (module.running_mean, module.bias.data):
                parameter.normal_(0, 0.3)
            for parameter in (module.running_var, module.weight.data):
                parameter.uniform_(0.5, 1.5)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.data *= torch.rand_like(parameter) > 0.5
    return network


def channels_last(array):
    return np.ascontiguousarray(np.moveaxis(array, 1, -1)) if array.ndim > 2 else array


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_and_tflite_compute_what_pytorch_does_dense_and_compressed(litert, tmp_path, name):
    factory, shape, transpositions = NETWORKS[name]
    network = trained(factory)
    x = np.random.default_rng(1).normal(0, 1, (1, *shape)).astype(np.float32)
    with torch.no_grad():
        expected = copy.deepcopy(network)(torch.from_numpy(x)).numpy()
    bound = TOLERANCE * float(np.abs(expected).max())
    model = to_onnx(network, shape)
    for compress in (False, True):
        write_onnx(model, tmp_path / "model.onnx", compress=compress)
        session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(None, {"input": x})[0], expected, rtol=0, atol=bound)
        write_tflite(model, tmp_path / "written.tflite", compress=compress, weights="float32")
        data = (tmp_path / "written.tflite").read_bytes()
        found = litert.run(tmp_path, data, {"input": channels_last(x)})["logits"]
        np.testing.assert_allclose(found, channels_last(expected), rtol=0, atol=bound)
    assert np.ptp(expected) > 0
    codes = [operator.code for operator in lower(ir.from_proto(ir.to_proto(model))).operators]
    if transpositions is not None:
        assert codes.count("TRANSPOSE") == transpositions, codes
