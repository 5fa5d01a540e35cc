import torch
from torch import nn

from edgecompress.compress.device import autocast, place, training_device


def test_a_placed_network_computes_the_same_in_another_layout():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 16, 2)).eval()
    x = torch.randn(2, 3, 6, 6)
    with torch.no_grad():
        before = module(x)
        placed = place(module, torch.device("cpu"))
        assert placed[0].weight.is_contiguous(memory_format=torch.channels_last)
        assert torch.allclose(placed(x), before, atol=1e-5)


def test_autocast_is_bfloat16_or_nothing():
    device = training_device()
    with autocast(device):
        result = nn.Linear(4, 4).to(device)(torch.ones(1, 4, device=device))
    assert result.dtype in (torch.bfloat16, torch.float32)
