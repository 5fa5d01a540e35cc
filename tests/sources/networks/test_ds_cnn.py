import torch

from edgecompress.sources.networks.ds_cnn import ds_cnn


def test_it_has_the_parameters_that_its_layers_say():
    # MLPerf Tiny's has 23,756 for 12 classes: a stem of 10x4 where 3x3 is here, and biases before its 9 normalisations.
    network = ds_cnn(input_shape=(1, 49, 10), classes=12)
    count = sum(weight.numel() for weight in network.parameters())
    assert count == 23_756 - 9 * 64 - 64 * (10 * 4 - 3 * 3)


def test_the_shapes_between_its_layers(flow):
    table = flow(ds_cnn(input_shape=(1, 49, 10), classes=12), (1, 49, 10))
    assert [shape for _, shape in table] == [(64, 25, 5)] * 9 + [(64, 1, 1), (12,)]


def test_it_takes_signals(flow):
    assert ds_cnn(input_shape=(9, 128), classes=6)(torch.zeros(2, 9, 128)).shape == (2, 6)
