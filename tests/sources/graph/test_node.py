import torch

from edgecompress.sources.graph.node import Node, integers


def test_sizes_are_numbers_whatever_their_shape_and_what_is_left_out_is_none():
    assert integers(torch.tensor([[2], [-1]])) == [2, -1]
    assert integers(torch.tensor(3)) == [3]
    assert integers(None) is None


def test_an_attribute_that_is_missing_has_its_default():
    node = Node("Softmax", {"axis": 0}, 1, 18)
    assert node.get("axis", -1) == 0
    assert node.get("other", -1) == -1
