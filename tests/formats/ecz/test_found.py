import numpy as np

from edgecompress.formats.ecz.found import Extent, channels_of


def test_the_first_and_the_last_dimension():
    positions = np.arange(24)
    first, last = (each.of(positions) for each in channels_of((2, 3, 4)))
    expected = np.indices((2, 3, 4)).reshape(3, -1)
    assert (first == expected[0]).all()
    assert (last == expected[2]).all()
    assert channels_of((24,)) == channels_of((2, 0)) == ()


def test_the_length_of_an_extent():
    assert Extent(7, 16, 5).bytes == 10
