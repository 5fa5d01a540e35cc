import torch
import torch.nn.functional as functional

from edgecompress.sources.networks._residual import BasicBlock
from edgecompress.sources.networks.resnet18 import resnet18


def test_it_is_the_variant_of_11_17_million_parameters():
    network = resnet18(input_shape=(3, 32, 32), classes=10)
    assert sum(weight.numel() for weight in network.parameters()) == 11_173_962


def test_the_shapes_between_its_layers(flow):
    table = [("conv1", (64, 32, 32))]
    for stage, (channels, size) in enumerate([(64, 32), (128, 16), (256, 8), (512, 4)], start=1):
        shape = (channels, size, size)
        table += [(f"stage{stage}.0.conv1", shape), (f"stage{stage}.0.conv2", shape)]
        if stage > 1:
            table.append((f"stage{stage}.0.shortcut.conv", shape))
        table += [(f"stage{stage}.1.conv1", shape), (f"stage{stage}.1.conv2", shape)]
    table += [("average", (512, 1, 1)), ("head", (10,))]
    assert flow(resnet18(input_shape=(3, 32, 32), classes=10), (3, 32, 32)) == table


def test_a_window_of_128_steps_ends_as_16(flow):
    table = dict(flow(resnet18(input_shape=(9, 128), classes=6), (9, 128)))
    assert table["stage4.1.conv2"] == (512, 16)
    assert table["head"] == (6,)


def test_a_block_computes_figure_2_of_the_paper():
    torch.manual_seed(0)
    network = resnet18(input_shape=(3, 8, 8), classes=10, width=0.125).eval()
    state, x = network.state_dict(), torch.randn(2, 8, 8, 8)

    def norm(y: torch.Tensor, name: str) -> torch.Tensor:
        mean, var, scale, shift = (state[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(y, mean, var, scale, shift)

    for name, block in [("stage1.0", network.stage1[0]), ("stage2.0", network.stage2[0])]:
        assert isinstance(block, BasicBlock)
        stride = 1 if name == "stage1.0" else 2
        y = functional.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1)
        y = functional.conv2d(norm(y, f"{name}.norm1").relu(), state[f"{name}.conv2.weight"], padding=1)
        around = x
        if stride == 2:
            around = norm(
                functional.conv2d(x, state[f"{name}.shortcut.conv.weight"], stride=2), f"{name}.shortcut.norm"
            )
        expected = (norm(y, f"{name}.norm2") + around).relu()
        assert torch.allclose(block(x), expected, atol=1e-5)


def test_an_input_of_any_size_passes():
    for shape in [(3, 1, 1), (3, 5, 9), (2, 1), (2, 7)]:
        assert resnet18(input_shape=shape, classes=7, width=0.125).eval()(torch.zeros(2, *shape)).shape == (2, 7)
