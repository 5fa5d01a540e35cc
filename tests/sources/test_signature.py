import copy

import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.signature import Signature, arrays, join, leaves, named, outputs_of, rows

TWO = Signature(
    (End(name="tokens", shape=[5], dtype="int64"), End(name="x", shape=[2, 3], dtype="float16")),
    (End(name="a", shape=[2], dtype="float32"), End(name="b", shape=[], dtype="float32")),
)


class Net(nn.Module):
    def forward(self, tokens, x):
        assert tokens.dtype == torch.int64
        return x.sum(2), tokens.sum(1)


def test_rows_hold_all_inputs_of_a_sample_and_give_them_back():
    given = [np.arange(15).reshape(3, 5), np.ones((3, 2, 3), np.float16)]
    row = rows(given, TWO)
    assert row.shape == (3, *TWO.row) == (3, 11)
    for back, array in zip(arrays(row, TWO), given, strict=True):
        assert back.dtype == array.dtype
        assert np.array_equal(back, array)


def test_a_joined_network_takes_and_gives_rows_its_copies_too_and_no_longer_when_it_is_undone():
    given = [np.arange(15).reshape(3, 5), np.ones((3, 2, 3), np.float16)]
    module = Net()
    undo = join(module, TWO)
    out = named(copy.deepcopy(module)(torch.from_numpy(rows(given, TWO))).numpy(), TWO)
    assert np.array_equal(out["a"], np.full((3, 2), 3.0))
    assert np.array_equal(out["b"], given[0].sum(1))
    undo()
    assert len(module(torch.from_numpy(given[0]), torch.from_numpy(given[1]))) == 2


def test_one_input_and_one_output_of_float32_stay_as_they_are():
    plain = Signature((End(name="x", shape=[1, 4], dtype="float32"),), (End(name="y", shape=[2], dtype="float32"),))
    x = np.zeros((3, 1, 4), np.float32)
    assert plain.plain
    assert rows([x], plain).shape == (3, *plain.row) == x.shape
    assert not TWO.plain


def test_whole_numbers_that_float32_has_not_are_refused():
    with pytest.raises(InputError, match="'tokens' has whole numbers of 16,777,216 and more"):
        rows([np.full((1, 5), 2**24), np.zeros((1, 2, 3), np.float16)], TWO)


def test_outputs_are_tensors_in_the_order_of_an_export():
    a, b, c = torch.zeros(1), torch.ones(1), torch.ones(2)
    assert [each is wanted for each, wanted in zip(leaves({"x": [a, None], "y": (b, c)}), (a, b, c), strict=True)]
    with pytest.raises(InputError, match="puts out a str"):
        leaves([a, "text"])


def test_a_network_that_does_not_run_or_mixes_samples_is_refused():
    inputs = (End(name="x", shape=[4], dtype="float32"),)
    with pytest.raises(InputError, match=r"does not run on inputs of shape 4: .*inputs.shapes"):
        outputs_of(nn.Linear(5, 2), inputs)
    with pytest.raises(InputError, match="its first axis must be the batch"):
        outputs_of(nn.Flatten(0), inputs)
    assert outputs_of(nn.Linear(4, 2), inputs)[1] == [(2,)]
