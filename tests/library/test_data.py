import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from edgecompress.errors import InputError
from edgecompress.library.data import read

NET = nn.Linear(3, 2)
X, Y = torch.arange(18.0).reshape(6, 3), torch.arange(6)


class Boxes(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, number):
        return (X[number], X[number] + 1), {"box": torch.ones(number, 4), "label": number}


class Stream(IterableDataset):
    def __iter__(self):
        return zip(X, Y, strict=True)


def loader():
    def padded(batch):
        return torch.stack([x for x, _ in batch]) * 2, [y for _, y in batch]

    return DataLoader(TensorDataset(X, Y), batch_size=4, collate_fn=padded)


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        (X.numpy(), Y.numpy()),
        TensorDataset(X, Y),
        DataLoader(TensorDataset(X, Y), batch_size=4, shuffle=True),
        DataLoader(Stream(), batch_size=4),
        [(x, int(y)) for x, y in zip(X, Y, strict=True)],
        (each for each in [(X[:5], Y[:5]), (X[5:], Y[5:])]),
    ],
)
def test_pairs_of_every_kind_are_the_same_samples(data):
    found = read(NET, data)
    assert torch.equal(found.inputs["input"], X)
    assert torch.equal(found.targets, Y) and found.targets.dtype == torch.int64


def test_inputs_alone_have_no_targets():
    assert read(NET, X.numpy()).targets is None


def test_several_inputs_and_targets_of_several_shapes():
    found = read(NET, Boxes())
    assert list(found.inputs) == ["input0", "input1"] and len(found) == 4
    assert [len(each["box"]) for each in found.targets] == [0, 1, 2, 3]
    held = read(NET, (X, {"class": Y, "box": torch.zeros(6, 4)}))
    assert list(held.targets) == ["class", "box"]


def test_a_collating_function_of_the_callers_is_asked():
    found = read(NET, loader())
    assert torch.equal(found.inputs["input"], 2 * X) and [int(y) for y in found.targets] == Y.tolist()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3, "data is a int; give a pair"),
        ({"x": X}, "data is a dict"),
        ((X, Y, Y), "data is a tuple"),
        ([X[0], X[1]], "sample 0 of data is not a pair"),
        ([], "no samples"),
        ((X, Y[:4]), "6 samples and targets of 4"),
        ((X, (Y, Y[:4])), r"do not fit together: parts of the targets are of \[4, 6\]"),
        ([(X[0], 1), (X[0, :2], 1)], r"inputs in data are not of one shape \(\[2\] and \[3\]\)"),
        ((X, np.array(["a"] * 6)), "data has a ndarray where a tensor"),
    ],
)
def test_what_is_no_data_is_one_line(wrong, said):
    with pytest.raises(InputError, match=said):
        read(NET, wrong)
