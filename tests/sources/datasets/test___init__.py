import dataclasses

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.sources import datasets


def test_names_are_those_of_the_command_line():
    assert datasets.names() == ["cifar-10", "digits", "fashion-mnist", "uci-har"]


def test_an_unknown_name_is_one_line_with_the_choices(tmp_path):
    with pytest.raises(InputError, match=r"unknown data set 'digit'; did you mean 'digits'\?.*digits"):
        datasets.load("digit", tmp_path, download=False)


def test_two_loads_are_equal_bit_by_bit_and_tell_their_progress(tmp_path):
    told = []
    first = datasets.load("digits", tmp_path, progress=lambda *step: told.append(step))
    second = datasets.load("digits", tmp_path, download=False)
    for field in dataclasses.fields(first):
        a, b = getattr(first, field.name), getattr(second, field.name)
        assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
    assert told[-1][1] == told[-1][2] == 1
