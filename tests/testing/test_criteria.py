import pytest
import torch

from edgecompress.testing import check_criterion


def drifting(weight):
    return torch.rand(weight.shape)


def changing(weight):
    return weight.data.add_(1).detach()


def asking(weight, *, epoch):
    return weight.detach() * epoch


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda weight: weight.abs(), "carry a gradient"),
        (lambda weight: weight.detach().flatten(1), r"scores of \[4, 2, 3, 3\] have shape \[4, 18\]"),
        (lambda weight: weight.detach() / 0, "not finite"),
        (drifting, "differ from call to call"),
        (changing, "the weight was changed|differ from call to call"),
        (asking, "it asks for epoch"),
    ],
)
def test_what_breaks_the_contract_is_named(wrong, said):
    with pytest.raises(AssertionError, match=said):
        check_criterion(wrong)
