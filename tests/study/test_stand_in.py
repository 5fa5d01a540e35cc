import numpy as np
import pytest

from edgecompress.study.grid import DATA
from edgecompress.study.stand_in import SHAPES, stand_in


def test_there_is_one_for_every_data_set_of_the_paper():
    assert set(SHAPES) == set(DATA)


@pytest.mark.parametrize("name", SHAPES)
def test_it_is_learnable_always_the_same_and_says_what_it_is(name):
    data, again = stand_in(name), stand_in(name)
    assert np.array_equal(data.train_x, again.train_x)
    assert not data.source.official
    assert "no result" in data.source.note
    # Its nearest class mean tells a sample's class: what a network has to find is there.
    means = np.stack([data.train_x[data.train_y == label].mean(0) for label in range(len(data.classes))])
    distances = ((data.test_x[:, None] - means) ** 2).reshape(len(data.test_x), len(means), -1).sum(2)
    assert (distances.argmin(1) == data.test_y).mean() > 0.95
    assert not np.array_equal(data.train_x[: len(data.test_x)], data.test_x)


def test_shapes_are_those_of_the_data():
    import os
    from pathlib import Path

    from edgecompress.sources import datasets

    if "EDGECOMPRESS_TEST_DATA" not in os.environ:
        pytest.skip("EDGECOMPRESS_TEST_DATA names no folder with the data sets")
    for name, (shape, classes) in SHAPES.items():
        data = datasets.load(name, Path(os.environ["EDGECOMPRESS_TEST_DATA"]), download=False)
        assert (data.input_shape, len(data.classes)) == (shape, classes)
