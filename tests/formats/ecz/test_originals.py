import numpy as np
import pytest

from edgecompress.agent.ecz import limits
from edgecompress.formats.ecz.found import Extent, FoundArray
from edgecompress.formats.ecz.originals import Originals

VIEW = np.tile(np.arange(100, dtype=np.uint8), 4)


def array(at, length=100):
    return FoundArray(Extent(at, 8, length), False, ())


@pytest.fixture
def originals():
    return Originals([[array(0), array(100), array(200, 90)], [array(0)]])


def test_the_first_of_equal_arrays_is_told_with_its_file(originals):
    digest = originals.digest(VIEW, array(0))
    assert originals.of(digest, 0) is None
    originals.add(digest, 0, array(0), 90.0)
    assert originals.of(originals.digest(VIEW, array(100)), 1) == (0, [array(0).extent])
    assert originals.copies == 1
    assert originals.digest(VIEW + np.uint8(1), array(0)) != digest


def test_what_has_no_equal_or_gains_nothing_is_not_looked_for(originals):
    assert originals.digest(VIEW, array(200, 90)) is None
    assert Originals([[array(0, 50), array(100, 50)]]).digest(VIEW, array(0, 50)) is None
    digest = originals.digest(VIEW, array(0))
    originals.add(digest, 0, array(0), 9.0)
    assert originals.of(digest, 0) is None


def test_a_file_has_no_more_copies_than_a_reader_takes(originals, monkeypatch):
    monkeypatch.setattr(limits, "COPIES", 1)
    digest = originals.digest(VIEW, array(0))
    originals.add(digest, 0, array(0), 90.0)
    assert [originals.of(digest, file) is not None for file in (0, 0, 1)] == [True, False, True]
