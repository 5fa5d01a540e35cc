"""Edge networks drawn at random, each as the three TFLite files that benchmarks/arm.py runs on emulated processors."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.graph import TfliteGraph
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.pack import pack_tflite
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize
from edgecompress.sources.to_onnx import to_onnx


class Excite(nn.Module):
    """Squeeze-excite with one of the gates that networks have."""

    def __init__(self, channels, gate):
        super().__init__()
        pool = nn.AdaptiveAvgPool2d(1)
        self.scale = nn.Sequential(pool, nn.Conv2d(channels, 8, 1), nn.ReLU(), nn.Conv2d(8, channels, 1), gate)

    def forward(self, x):  # noqa: D102
        return x * self.scale(x)


class Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):  # noqa: D102
        return x + self.inner(x)


class Beside(nn.Module):
    """Two paths, joined."""

    def __init__(self, one, other):
        super().__init__()
        self.one, self.other = one, other

    def forward(self, x):  # noqa: D102
        return torch.cat([self.one(x), self.other(x)], 1)


class Drawn(nn.Module):
    """A stem, blocks and a head; with ``early``, the map before the last block is an output too."""

    def __init__(self, stem, blocks, head, *, early):
        super().__init__()
        self.stem, self.blocks, self.head, self.early = stem, nn.ModuleList(blocks), head, early

    def forward(self, x):  # noqa: D102
        x = self.stem(x)
        for number, block in enumerate(self.blocks):
            if self.early and number == len(self.blocks) - 1:
                return self.head(block(x)) + x.mean((1, 2, 3))[:, None]
            x = block(x)
        return self.head(x)


def drawn(random):
    """A network, and the shape of its input."""
    channels = int(random.choice([3] * 8 + [1, 4]))
    act = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.LeakyReLU)[random.integers(5)]
    width = int(random.choice([8, 16]))
    stem = nn.Conv2d(channels, width, int(random.choice([3] * 6 + [5])), int(random.choice([2] * 6 + [1])), 1)
    layers = []
    for _ in range(int(random.integers(2, 6))):
        kernel, stride = int(random.choice([3, 3, 3, 5, 5, 7])), int(random.choice([1, 2]))
        wide = int(random.choice([16, 24, 32]))
        point = nn.Sequential(nn.Conv2d(width, wide, 1), act())
        depth = nn.Sequential(nn.Conv2d(width, width, kernel, stride, kernel // 2, groups=width), act())
        gate = (nn.Sigmoid, nn.Hardsigmoid)[random.integers(2)]()
        kinds = {
            "point": (point, wide),
            "depth": (depth, width),
            "pad": (nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(width, width, 3, 2, groups=width)), width),
            "excite": (Excite(width, gate), width),
            "residual": (Residual(nn.Sequential(nn.Conv2d(width, width, 1), act())), width),
            "pool": (nn.MaxPool2d(3, 2, 1), width),
            "average": (nn.AvgPool2d(2), width),
            "beside": (Beside(nn.Conv2d(width, 16, 1), nn.Conv2d(width, 16, 1)), 32),
            "dense": (nn.Conv2d(width, wide, 3, 1, 1), wide),
            "norm": (nn.BatchNorm2d(width), width),
        }
        names = ["point"] * 6 + ["depth"] * 3 + ["excite"] * 2 + ["residual"] * 3 + list(kinds)
        block, width = kinds[str(random.choice(names))]
        layers.append(block)
    layers.append(nn.Sequential(nn.Conv2d(width, 32, 1), act()))
    heads = [
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 5)),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(32, 5, 1), nn.Flatten()),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 16), act(), nn.Linear(16, 5)),
    ]
    size = int(random.choice([32, 33, 48]))
    network = Drawn(stem, layers, heads[random.integers(3)], early=random.random() < 0.1).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
            weight, share = layer.weight.data, float(random.choice([0.5, 0.8, 0.9, 0.95]))
            weight[weight.abs() <= weight.abs().flatten().kthvalue(max(1, int(share * weight.numel()))).values] = 0
    return network, (channels, size, size)


def prune_more(network: nn.Module, number: int) -> bool:
    """Of every second network, zero pairs of outputs, of 3x3 convolutions too; whether ``number`` is of such a one."""
    if number % 2 == 0:
        return False
    for layer in network.modules():
        is_inner = isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.in_channels > 4
        if is_inner and layer.out_channels % 2 == 0:
            outputs, *others = layer.weight.shape
            pairs = layer.weight.data.reshape(outputs // 2, 2, *others)
            scores = pairs.abs().sum(1, keepdim=True)
            last = scores.flatten().kthvalue(round(0.9 * scores.numel())).values
            layer.weight.data = (pairs * (scores > last)).reshape(layer.weight.shape)
    return True


def as_others_write(graph: TfliteGraph) -> None:
    """Pad as PyTorch says, what is never read too."""
    makers = {id(operator.output): operator for operator in graph.operators}
    for operator in graph.operators:
        pad = makers.get(id(operator.inputs[0]))
        if "CONV_2D" not in operator.code or operator.options["strideH"] != 2 or pad is None or pad.code != "PAD":
            continue
        (top, bottom), (left, right) = pad.inputs[1].data[1:3].tolist()
        if (top, left) == (1, 1) and operator.inputs[1].shape[1:3] == (3, 3):
            pad.inputs[1].data = np.array([(0, 0), (1, 1), (1, 1), (0, 0)], np.int32)
            batch, height, width, channels = operator.inputs[0].shape
            operator.inputs[0].shape = (batch, height + 1 - bottom, width + 1 - right, channels)


def write_files(folder: Path, number: int) -> None:
    """The three files of one network, the proofs of ``pack`` left to this benchmark."""
    random = np.random.default_rng(number)
    torch.manual_seed(number)
    network, shape = drawn(random)
    shifts = prune_more(network, number)
    model = to_onnx(network, shape)
    write_tflite(model, folder / f"{number:04}-build.tflite", compress=True, shifts=shifts)
    graph = lower(model)
    as_others_write(graph)
    source = folder / f"{number:04}.dense"
    source.write_bytes(serialize(graph, {}))
    pack_tflite(source, folder / f"{number:04}-pack.tflite", any_gain=True)
    forms = {
        tensor: Stored(csr.pack(np.ascontiguousarray(array), array.ndim - 1))
        for tensor, array in graph.constants()
        if tensor.compressible and array.ndim == 4 and array.shape[1:3] == (1, 1) and np.mean(array == 0) > 2 / 3
    }
    (folder / f"{number:04}-control.tflite").write_bytes(serialize(graph, forms))
