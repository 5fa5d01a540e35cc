import pytest
import torch
from torch import nn

from edgecompress.compress.cluster.members import Members
from edgecompress.errors import CheckError


def test_members_are_what_is_not_zero_layer_after_layer():
    a, b = nn.Parameter(torch.tensor([[0.0, 1.0], [2.0, 0.0]])), nn.Parameter(torch.tensor([3.0, 0.0, 4.0]))
    members = Members({"a": a, "b": b})
    assert members.values().tolist() == [1, 2, 3, 4]
    assert members.groups == [slice(0, 4)]
    members.write(torch.tensor([5.0, 6.0, 7.0, 8.0]))
    assert a.tolist() == [[0, 5], [6, 0]]
    assert b.tolist() == [7, 0, 8]
    assert members.root_mean_square() == pytest.approx(((25 + 36 + 49 + 64) / 4) ** 0.5)


def test_groups_are_of_output_channels(sparse):
    weight = nn.Parameter(sparse(7, 4, 3, 3))
    members = Members({"a": weight}, group_size=3)
    expected = [part[part != 0].tolist() for part in weight.detach().split(3)]
    assert [members.values()[group].tolist() for group in members.groups] == expected
    assert [len(part) > 0 for part in expected] == [True] * 3


def test_channels_last_keeps_its_layout_and_the_order_of_the_members(sparse):
    weight = sparse(8, 4, 3, 3)
    plain = Members({"a": nn.Parameter(weight.clone())}, group_size=2)
    last = nn.Parameter(weight.clone().contiguous(memory_format=torch.channels_last))
    members = Members({"a": last}, group_size=2)
    assert torch.equal(members.values(), plain.values())
    assert members.starts == plain.starts
    members.write(2 * members.values())
    assert torch.equal(last, 2 * weight)
    assert last.is_contiguous(memory_format=torch.channels_last)


def test_gradients_are_taken_once():
    weight = nn.Parameter(torch.tensor([0.0, 2.0, 3.0]))
    members = Members({"a": weight})
    (weight * torch.tensor([5.0, 6.0, 7.0])).sum().backward()
    assert members.take_gradient().tolist() == [6, 7]
    assert weight.grad is None


def test_a_pruned_layer_has_no_members_and_stays(sparse):
    weight = nn.Parameter(torch.zeros(4, 2))
    members = Members({"a": weight}, group_size=2)
    assert len(members) == 0
    assert members.groups == [slice(0, 0), slice(0, 0)]
    members.write(torch.empty(0))
    assert not weight.any()
    assert members.root_mean_square() == 1.0


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_what_is_no_number_is_named_with_its_layer(bad):
    with pytest.raises(CheckError, match=r"'conv'.*NaN or infinite"):
        Members({"fine": nn.Parameter(torch.ones(2)), "conv": nn.Parameter(torch.tensor([1.0, float(bad)]))})
