import pytest

from edgecompress.deploy.adb.trailer import Told, Trailer, new_mark

STREAM = b"output, EDGE and EDGEMAR\nno endEDGEMARK ended 7\nerrors\nEDGEMARK"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_output_and_what_is_told_are_parted_however_they_come(size):
    parts = []
    trailer = Trailer("EDGEMARK", parts.append)
    for start in range(0, len(STREAM), size):
        trailer(STREAM[start : start + size])
    assert b"".join(parts) == b"output, EDGE and EDGEMAR\nno end"
    assert trailer.told() == Told("ended", 7, "errors\nEDGEMARK")


def test_output_is_handed_on_when_it_comes():
    parts = []
    trailer = Trailer("EDGEMARK", parts.append)
    trailer(b"a line\nED")
    assert parts == [b"a line\n"]
    trailer(b"IT\n")
    assert parts == [b"a line\n", b"EDIT\n"]


@pytest.mark.parametrize("stream", [b"", b"only output", b"outputEDGEMARK", b"outputEDGEMARK ended 1"])
def test_what_did_not_come_whole_is_not_told(stream):
    trailer = Trailer("EDGEMARK", lambda part: None)
    trailer(stream)
    assert trailer.told() is None


def test_marks_differ():
    assert len({new_mark() for _ in range(100)}) == 100
