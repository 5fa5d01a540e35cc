import torch

from edgecompress.sources.networks.resnet8 import resnet8


def test_it_has_the_parameters_and_products_of_mlperf_tinys_file(folded):
    # Counted in pretrainedResnet.tflite of github.com/mlcommons/tiny (1afd2c9).
    network = resnet8(input_shape=(3, 32, 32), classes=10)
    assert folded(network, (3, 32, 32)) == (77_706, 12_501_632)


def test_the_shapes_between_its_layers(flow):
    table = [("conv1", (16, 32, 32))]
    for stage, (channels, size) in enumerate([(16, 32), (32, 16), (64, 8)], start=1):
        shape = (channels, size, size)
        table += [(f"stage{stage}.0.conv1", shape), (f"stage{stage}.0.conv2", shape)]
        if stage > 1:
            table.append((f"stage{stage}.0.shortcut.conv", shape))
    table += [("average", (64, 1, 1)), ("head", (10,))]
    assert flow(resnet8(input_shape=(3, 32, 32), classes=10), (3, 32, 32)) == table


def test_it_takes_signals_and_inputs_of_any_size():
    for shape in [(9, 128), (3, 1, 1), (2, 7)]:
        assert resnet8(input_shape=shape, classes=6).eval()(torch.zeros(2, *shape)).shape == (2, 6)
