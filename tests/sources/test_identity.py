import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from edgecompress.errors import InputError
from edgecompress.sources.identity import decides, digest_of, name_of


def one(outputs, targets):
    return outputs - targets


def two(outputs, targets):
    return targets - outputs


def test_a_function_is_its_name_and_its_source():
    assert decides(one, "loss")["name"] == f"{__name__}:one"
    assert decides(one, "loss")["source"] != decides(two, "loss")["source"]
    assert name_of(functional.mse_loss) == "mse_loss" and decides(functional.mse_loss, "loss")


def test_a_module_is_its_settings_and_tensors_too():
    plain = decides(nn.CrossEntropyLoss(), "loss")
    assert decides(nn.CrossEntropyLoss(), "loss") == plain
    assert decides(nn.CrossEntropyLoss(label_smoothing=0.1), "loss") != plain
    assert decides(nn.CrossEntropyLoss(weight=torch.ones(3)), "loss") != plain
    assert name_of(nn.CrossEntropyLoss()) == "CrossEntropyLoss"


class Held(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = object()


@pytest.mark.parametrize(
    "wrong", [lambda outputs, targets: outputs, functools.partial(one, targets=3), Held(), torch.mean]
)
def test_what_has_no_name_or_source_is_one_line(wrong):
    with pytest.raises(InputError, match="give a function of a module as loss, or leave cache out"):
        decides(wrong, "loss")


def test_data_are_their_numbers():
    base = ({"x": torch.ones(2, 2)}, [{"box": np.zeros((1, 4)), "name": "a"}])
    assert digest_of(base) == digest_of(({"x": torch.ones(2, 2)}, [{"box": np.zeros((1, 4)), "name": "a"}]))
    assert digest_of(base) != digest_of(({"x": torch.ones(2, 2)}, [{"box": np.zeros((1, 4)), "name": "b"}]))
    assert digest_of(torch.ones(4)) != digest_of(torch.ones(2, 2))
    with pytest.raises(InputError, match="hold a object"):
        digest_of([object()])
