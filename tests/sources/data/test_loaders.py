import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.sources.data.loaders import loaders

LOADERS = """
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

X, Y = torch.arange(40.0).reshape(10, 4), torch.arange(10) % 2


def arrays():
    return {"x": X, "y": Y.numpy()}


def both():
    data = TensorDataset(X, Y)
    return DataLoader(data, batch_size=4), DataLoader(data, batch_size=3)


def one():
    return DataLoader(TensorDataset(X, Y), batch_size=4)


def wrong():
    return 5


def uneven():
    return [[(X[:2], Y[:2]), (X[:2, :3], Y[:2])]]


def unpaired():
    return [[X, X, X]]
"""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data.py").write_text(LOADERS)
    return lambda name: loaders(f"{tmp_path / 'data.py'}:{name}", [])


def test_arrays_and_loaders_of_batches_are_the_same_samples(data):
    arrays, both, one = data("arrays"), data("both"), data("one")
    for found in (both, one):
        assert np.array_equal(found.training.x[0], arrays.training.x[0])
        assert np.array_equal(found.training.y, arrays.training.y)
    assert len(both.test) == 10
    assert one.test is None
    assert one.sha256 == arrays.sha256 != both.sha256


@pytest.mark.parametrize(
    ("name", "message"),
    [("wrong", "returned a int"), ("uneven", "do not fit together"), ("unpaired", "batch 0 is not a pair")],
)
def test_what_is_no_data_is_one_line(data, name, message):
    with pytest.raises(InputError, match=message):
        data(name)
