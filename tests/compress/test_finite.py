import pytest
import torch
from torch import nn

from edgecompress.compress.finite import not_finite


@pytest.mark.parametrize(
    ("name", "value"), [("0.weight", float("nan")), ("0.bias", float("inf")), ("1.running_var", -float("inf"))]
)
def test_the_first_number_that_is_none_is_named(name, value):
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    assert not_finite(module) is None
    module.state_dict()[name].reshape(-1)[1] = value
    assert not_finite(module) == name


def test_a_mask_of_minus_infinity_is_no_fault_and_nan_in_it_is():
    module = nn.Linear(2, 2)
    module.register_buffer("mask", torch.full((2, 2), -torch.inf).triu(1))
    assert not_finite(module) is None
    module.mask[0, 0] = torch.nan
    assert not_finite(module) == "mask"
