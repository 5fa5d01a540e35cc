import mmap
import sys

import numpy as np
import pytest

from edgecompress.formats.tflite.mapped import forget, mapped


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 4096)
    return path


def test_what_was_forgotten_is_there_when_it_is_read_again(file):
    with file.open("rb") as stream, mapped(stream) as data:
        array = np.frombuffer(data, np.uint8)
        assert bytes(data) == file.read_bytes()
        forget(data)
        assert bytes(data) == file.read_bytes()
        assert array[300] == 300 % 256
        del array
    assert data.closed


def test_bytes_are_kept():
    forget(b"bytes")


def test_an_array_that_is_left_over_hides_no_error(file):
    with pytest.raises(RuntimeError, match="other"), file.open("rb") as stream, mapped(stream) as data:
        left = np.frombuffer(data, np.uint8)
        raise RuntimeError("other")
    assert left[1] == 1


def test_where_there_is_no_such_advice_nothing_is_forgotten(file, monkeypatch):
    monkeypatch.setattr(sys.modules[forget.__module__], "_LEAVE", None)
    with file.open("rb") as stream, mapped(stream) as data:
        forget(data)
        assert data[:3] == b"\0\1\2"


def test_an_empty_file_cannot_be_mapped(tmp_path):
    (tmp_path / "empty").touch()
    with (tmp_path / "empty").open("rb") as stream, pytest.raises(ValueError, match="empty"), mapped(stream):
        pass


def test_the_mapping_is_read_only(file):
    with file.open("rb") as stream, mapped(stream) as data:
        assert isinstance(data, mmap.mmap)
        with pytest.raises(TypeError):
            data[0] = 1
