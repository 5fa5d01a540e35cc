import pytest
import torch
from torch import nn

from edgecompress.export.latency import latency
from edgecompress.sources.to_onnx import to_onnx


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_a_network_of_a_quarter_of_the_arithmetic_is_measured_to_be_faster(runtime):
    torch.manual_seed(1)
    graphs = []
    for channels in (64, 16):
        layers = nn.Sequential(
            nn.Conv2d(1, channels, 3), nn.ReLU(), nn.Conv2d(channels, channels, 3), nn.Flatten(),
            nn.Linear(channels * 28 * 28, 3),
        )  # fmt: skip
        graphs.append(to_onnx(layers, (1, 32, 32)))
    found = latency(graphs[1], graphs[0], runtime)
    assert found.low <= found.ratio <= found.high < 0.9
    assert found.limit is None
