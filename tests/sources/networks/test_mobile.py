import torch
import torch.nn.functional as functional
from torch import nn

from edgecompress.sources.networks._layers import layers_for
from edgecompress.sources.networks._mobile import InvertedResidual, Shape, SqueezeExcite, normalised, separable

LAYERS = layers_for("test", (8, 4, 4), 1, smallest=1)
X = torch.randn(2, 8, 5, 6, generator=torch.Generator().manual_seed(0))


def test_a_convolution_keeps_the_size_pads_all_sides_alike_and_halves_with_stride_2():
    for kernel in (1, 3, 5):
        layer = normalised(LAYERS, 8, 16, kernel)
        assert layer(X).shape == (2, 16, 5, 6)
        assert layer.conv.padding == (kernel // 2,) * 2
    assert normalised(LAYERS, 8, 8, 3, stride=2, depthwise=True)(X).shape == (2, 8, 3, 3)


def test_a_separable_convolution_is_depthwise_then_pointwise():
    layer = separable(LAYERS, 8, 16, stride=2)
    assert [part.conv.weight.shape for part in layer] == [(8, 1, 3, 3), (16, 8, 1, 1)]
    assert layer(X).shape == (2, 16, 3, 3)


def test_squeeze_and_excitation_computes_section_5_3_of_the_paper():
    layer = SqueezeExcite(LAYERS, 8, 4)
    with torch.no_grad():
        squeezed = (X.mean((2, 3)) @ layer.reduce.weight[:, :, 0, 0].T + layer.reduce.bias).relu()
        gate = functional.relu6(squeezed @ layer.restore.weight[:, :, 0, 0].T + layer.restore.bias + 3) / 6
        assert torch.allclose(layer(X), X * gate[:, :, None, None], atol=1e-6)


def test_a_block_has_a_shortcut_where_the_shape_stays_and_no_expansion_where_none_is_asked_for():
    same = InvertedResidual(LAYERS, 8, Shape(3, 48, 8, 1, nn.ReLU6)).eval()
    assert torch.equal(same(X), X + same.body(X))
    assert [name for name, _ in same.body.named_children()] == ["expand", "depthwise", "project"]
    assert not any(isinstance(part, nn.ReLU6) for part in same.body.project)
    other = InvertedResidual(LAYERS, 8, Shape(5, 8, 16, 2, nn.Hardswish, squeezed=4)).eval()
    assert torch.equal(other(X), other.body(X))
    assert [name for name, _ in other.body.named_children()] == ["depthwise", "excite", "project"]
