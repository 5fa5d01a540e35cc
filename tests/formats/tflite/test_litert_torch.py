"""The way out for a network that the lowering refuses: litert-torch converts it, and pack takes the file.

``tests/golden/litert_torch.tflite`` is what litert-torch 0.10.0 made of ``network()``.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.export.pack import pack
from edgecompress.export.verify import compare_outputs, outputs
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.progress import silent
from edgecompress.sources.to_onnx import to_onnx

GOLDEN = Path(__file__).parents[2] / "golden" / "litert_torch.tflite"


class Running(nn.Module):
    """A running sum along a row, which the lowering has not."""

    def forward(self, x):
        return torch.cumsum(x, 3)


def network():
    torch.manual_seed(0)
    made = nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU6(),
        nn.Conv2d(16, 32, 3, padding=1),
        Running(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )
    with torch.no_grad():
        made[1].running_mean.normal_()
        made[1].running_var.uniform_(0.5, 2)
        made[3].weight *= torch.rand_like(made[3].weight) < 0.1
    return made.eval()


def converted(module, path):
    import litert_torch

    litert_torch.convert(module, (torch.zeros(1, 3, 16, 16),)).export(str(path))


def packs(source, target):
    x = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    expected = network()(x).detach().numpy()
    made = pack(source, target, encoding="smallest", progress=silent)
    for file in (source, target):
        y, _, _ = outputs(file, x.numpy())
        compare_outputs(file, y, expected, absolute_tolerance=1e-5, relative_tolerance=1e-5)
    assert made.bytes < made.source_bytes / 2
    (weight,) = (tensor for tensor in made.ledger.tensors if np.prod(tensor.shape) == 16 * 32 * 9)
    assert weight.encoding.startswith("csr")


def test_the_lowering_refuses_the_network_and_names_the_way_out():
    with pytest.raises(InputError, match=r"CumSum .*litert-torch.*edgecompress pack"):
        lower(to_onnx(network(), (3, 16, 16)))


def test_a_file_of_litert_torch_gets_smaller_and_computes_the_same(tmp_path):
    packs(GOLDEN, tmp_path / "packed.tflite")


@pytest.mark.slow
def test_what_an_installed_litert_torch_writes_is_taken(tmp_path):
    pytest.importorskip("litert_torch", reason="install it with: pip install 'edgecompress[litert-torch]'")
    converted(network(), tmp_path / "converted.tflite")
    packs(tmp_path / "converted.tflite", tmp_path / "packed.tflite")
