"""Networks that others wrote, without a download: torchvision's, timm's and segmentation_models_pytorch's sources.

Weights are random, of seed 0; biases and normalisation parameters are not those of a fresh network, and BatchNorm's
statistics are those of real inputs, so that activations are as large as in a trained one. What is written here because
no package has it in PyTorch says so in its origin.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

import torch
from torch import nn

_declared: list[torch.library.Library] = []


@cache
def torchvision() -> ModuleType:
    """The package, whichever build of PyTorch it meets.

    PyPI's wheel for x86-64 is compiled for CUDA. Beside a CPU build of PyTorch its compiled operators do not load, and
    the two whose shapes it describes on import are missing. None of the networks uses one; declared, they are found.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)  # what a library defines goes with it
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        return importlib.import_module("torchvision")


def _of_torchvision(name: str) -> Callable[[int], nn.Module]:
    return lambda _: getattr(torchvision().models, name)()


def _of_timm(name: str, **options: Any) -> Callable[[int], nn.Module]:
    def make(size: int) -> nn.Module:
        torchvision()
        timm = importlib.import_module("timm")
        return timm.create_model(name, **options, **({"img_size": size} if "vit" in name else {}))

    return make


def _unet(_: int) -> nn.Module:
    torchvision()
    models = importlib.import_module("segmentation_models_pytorch")
    return models.Unet("mobilenet_v2", encoder_weights=None, classes=2)


def _ds_cnn(_: int) -> nn.Module:
    """Spectrograms of 49 by 10, 12 words; the first layer is padded as TensorFlow's SAME does."""

    def conv(inputs: int, outputs: int, kernel: int, groups: int = 1) -> list[nn.Module]:
        layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups)
        return [layer, nn.BatchNorm2d(outputs), nn.ReLU()]

    layers = [nn.ZeroPad2d((1, 1, 4, 5)), nn.Conv2d(1, 64, (10, 4), 2), nn.BatchNorm2d(64), nn.ReLU(), nn.Dropout(0.2)]
    for _block in range(4):
        layers += [*conv(64, 64, 3, groups=64), *conv(64, 64, 1)]
    return nn.Sequential(*layers, nn.Dropout(0.4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12))


def _autoencoder(_: int) -> nn.Module:
    """640 numbers in, 640 out, through 8."""
    sizes = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(128, 640))


class _Lstm(nn.Module):
    """Two layers of PyTorch's LSTM over a series (N, C, L), and a linear layer on what the last step puts out."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(9, 64, num_layers=2, batch_first=True)
        self.head = nn.Linear(64, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(x.transpose(1, 2))[0][:, -1])


@dataclass(frozen=True)
class Foreign:
    """A network and what it is run on.

    Attributes:
        make: the module, given the height and width of its input.
        origin: who wrote it.
        shape: of one sample; ``None`` for images, (3, size, size).
        data: the data set of its real inputs: images are resized, a flat network gets five channels of a window.
    """

    make: Callable[[int], nn.Module]
    origin: str
    shape: tuple[int, ...] | None = None
    data: str = "cifar-10"

    def input_shape(self, size: int) -> tuple[int, ...]:
        """The shape of one sample where images are of ``size`` by ``size``."""
        return self.shape or (3, size, size)


NETWORKS = {
    "mobilenet_v2": Foreign(_of_torchvision("mobilenet_v2"), "torchvision"),
    "mobilenet_v3_small": Foreign(_of_torchvision("mobilenet_v3_small"), "torchvision"),
    "efficientnet_lite0": Foreign(_of_timm("efficientnet_lite0"), "timm"),
    "squeezenet1_1": Foreign(_of_torchvision("squeezenet1_1"), "torchvision"),
    "shufflenet_v2_x1_0": Foreign(_of_torchvision("shufflenet_v2_x1_0"), "torchvision"),
    "resnet18": Foreign(_of_torchvision("resnet18"), "torchvision"),
    "resnet50": Foreign(_of_torchvision("resnet50"), "torchvision"),
    "densenet121": Foreign(_of_torchvision("densenet121"), "torchvision"),
    "unet_mobilenet_v2": Foreign(_unet, "segmentation_models_pytorch"),
    "vit_tiny_patch16": Foreign(_of_timm("vit_tiny_patch16_224"), "timm"),
    "ds_cnn": Foreign(_ds_cnn, "here, after MLPerf Tiny", (1, 49, 10), "fashion-mnist"),
    "autoencoder": Foreign(_autoencoder, "here, after MLPerf Tiny", (640,), "uci-har"),
    "lstm": Foreign(lambda _: _Lstm(), "PyTorch's LSTM, two layers", (9, 128), "uci-har"),
}


def network(name: str, size: int, calibration: torch.Tensor) -> nn.Module:
    """The network in evaluation mode, BatchNorm's statistics being those of ``calibration``, (N, channels, ...)."""
    torch.manual_seed(0)
    made = NETWORKS[name].make(size)
    norms = [module for module in made.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    for parameter_name, parameter in made.named_parameters():
        if parameter.ndim == 1 and parameter_name.endswith("bias"):
            nn.init.normal_(parameter, std=0.1)
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    if norms:
        with torch.no_grad():
            made.train()(calibration)
    return made.eval()
