import pytest
import torch
from torch import nn

from edgecompress.compress.reconstruct.patches import groups, matrix, patches, positions

LAYERS = [
    (nn.Linear(6, 4), (5, 6)),
    (nn.Linear(6, 4), (5, 3, 6)),
    (nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2), (2, 4, 17)),
    (nn.Conv1d(4, 6, 5, groups=2, padding="same"), (2, 4, 9)),
    (nn.Conv2d(3, 5, (3, 2), stride=(2, 1), padding=(1, 0)), (2, 3, 9, 8)),
    (nn.Conv2d(4, 8, 3, groups=4, padding="same", dilation=2), (2, 4, 7, 6)),
    (nn.Conv2d(4, 4, (2, 4), padding="same", padding_mode="circular"), (2, 4, 7, 6)),
    (nn.Conv2d(3, 5, 3, padding=1, padding_mode="reflect"), (2, 3, 6, 5)),
    (nn.Conv2d(3, 5, 3, padding="valid"), (2, 3, 6, 5)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=str)
def test_the_product_with_patches_is_what_torch_computes(layer, shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    product = patches(layer, x).double() @ matrix(layer, layer.weight).mT
    expected = positions(layer, layer(x)).double() - layer.bias.double().view(groups(layer), 1, -1)
    assert product.shape == expected.shape
    assert torch.allclose(product, expected, atol=1e-5)
