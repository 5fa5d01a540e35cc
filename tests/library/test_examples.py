import pytest
import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.library.examples import signature, tensors


class Two(nn.Module):
    def forward(self, tokens, scale):
        return tokens * scale


def test_inputs_have_the_names_and_the_order_of_forward():
    given = {"scale": torch.ones(3, 2, dtype=torch.float64), "tokens": torch.zeros(3, 2, dtype=torch.int64)}
    found = tensors(Two(), given)
    assert list(found) == ["tokens", "scale"]
    assert [(end.name, end.shape, end.dtype) for end in signature(found)] == [
        ("tokens", [2], "int64"),
        ("scale", [2], "float32"),
    ]
    assert list(tensors(Two(), tuple(given.values()))) == ["input0", "input1"]
    assert list(tensors(Two(), given["scale"])) == ["input"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3.0, "example is a float"),
        ((torch.zeros(2, 3), [1, 2]), "example has a list"),
        (torch.zeros(0, 3), "example has no samples"),
        ((), "example has no samples"),
        ((torch.zeros(2, 3), torch.zeros(3, 3)), "first axis is the samples"),
        ({"scale": torch.zeros(2)}, "the first parameters of Two.forward are tokens"),
    ],
)
def test_what_is_no_example_is_one_line(wrong, said):
    with pytest.raises(InputError, match=said):
        tensors(Two(), wrong)
