"""What a layer of a finished graph reads around its map, and how it is written with a PAD on every side."""

import pytest

from edgecompress.formats.tflite.sparse_inference import padding


@pytest.mark.parametrize(
    ("size", "amounts", "stride", "half"),
    [
        (16, (1, 0), 2, True),
        (16, (1, 1), 2, True),
        (17, (1, 1), 2, True),
        (16, (0, 1), 2, False),
        (16, (0, 0), 1, False),
    ],
)
def test_padding_that_is_read_as_half_the_kernel_on_every_side_is_found(size, amounts, stride, half, network):
    net = network(size=size)
    net.conv(net.pad(net.input, *amounts), 4, 3, stride)
    pad, layer = net.operators
    assert padding.found(net.graph(layer.output), layer) == (pad, net.input)
    assert padding.is_half(layer, pad, net.input, 1) == half


def test_a_pad_on_all_sides_takes_the_place_of_another(network):
    net = network()
    output = net.conv(net.pad(net.input, 1, 0), 4, 3, 2)
    graph = net.graph(output)
    old, layer = graph.operators

    padding.on_all_sides(graph, layer, old, net.input, 1)

    added, same = graph.operators
    assert same is layer and added is not old and layer.inputs[0] is added.output
    assert added.inputs[1].data.tolist() == [[0, 0], [1, 1], [1, 1], [0, 0]]
    assert added.output.shape == (1, 18, 18, 3)
