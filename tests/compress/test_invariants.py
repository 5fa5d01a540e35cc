import pytest
import torch

from edgecompress.compress import invariants
from edgecompress.errors import CheckError


def test_moved_zeros_are_found_though_their_number_is_the_same():
    before, after = torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])
    invariants.same_zeros({"a": before == 0}, {"a": before * 2}, "retrain")
    with pytest.raises(CheckError, match="'a'"):
        invariants.same_zeros({"a": before == 0}, {"a": after}, "retrain")


def test_zeros_may_be_added_and_none_be_lost():
    before = torch.tensor([0.0, 1.0, 2.0])
    invariants.kept_zeros({"a": before == 0}, {"a": torch.tensor([0.0, 0.0, 3.0])}, "cluster")
    with pytest.raises(CheckError, match="1 zeros of layer 'a'"):
        invariants.kept_zeros({"a": before == 0}, {"a": torch.tensor([1.0, 0.0, 0.0])}, "cluster")


def test_too_many_values_are_found():
    weights = {"a": torch.tensor([0.0, 1.0, 2.0])}
    invariants.few_values(weights, {"a": 3}, "cluster")
    with pytest.raises(CheckError, match="3 distinct values"):
        invariants.few_values(weights, {"a": 2}, "cluster")
