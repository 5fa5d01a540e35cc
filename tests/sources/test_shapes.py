import pytest

from edgecompress.errors import InputError
from edgecompress.sources import datasets
from edgecompress.sources.shapes import shape_of


def test_the_digits_have_the_shape_that_they_are_said_to_have():
    data = datasets.load("digits")
    assert shape_of("digits") == (data.input_shape, len(data.classes))


def test_every_data_set_has_one_and_another_is_one_line():
    for name in datasets.names():
        shape, classes = shape_of(name)
        assert len(shape) in (2, 3)
        assert classes > 1
    with pytest.raises(InputError, match="did you mean 'digits'"):
        shape_of("digit")
