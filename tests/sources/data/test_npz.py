import contextlib
import struct
import zipfile

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.sources.data.npz import npz


def test_a_file_of_arrays_is_read_and_its_digest_is_the_file_s(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.ones((4, 3)), y=np.arange(4) % 2)
    found = npz(tmp_path / "d.npz", [])
    assert len(found.training) == 4
    assert len(found.sha256) == 64
    assert found.shapes[0].shape == [3]


def npy(header: str, data: bytes = b"") -> bytes:
    """An array's file with a header of one's own."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    "member",
    [
        b"no array",
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000, 3)}"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3)}"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3)}", b"short"),
        npy("{'descr': '" + "(" * 9000 + "'}"),
        npy("(" * 9000),
        npy("{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,"),
    ],
    ids=["text", "huge", "negative", "short", "long type", "deep", "fields", "cut"],
)
def test_a_damaged_array_is_one_line(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x.npy", member)
    with pytest.raises(InputError, match="cannot read"):
        npz(tmp_path / "d.npz", [])


def test_any_damaged_byte_is_one_line_or_nothing(tmp_path):
    np.savez_compressed(tmp_path / "d.npz", x=np.arange(12.0).reshape(4, 3), y=np.arange(4) % 2, classes=["a", "b"])
    sound = (tmp_path / "d.npz").read_bytes()
    for at in range(len(sound)):
        for flipped in (0x01, 0x80, 0xFF):
            damaged = bytearray(sound)
            damaged[at] ^= flipped
            (tmp_path / "d.npz").write_bytes(damaged)
            with contextlib.suppress(InputError):
                npz(tmp_path / "d.npz", [])


def test_pickles_and_nonsense_are_refused(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.array([{}, {}], object))
    with pytest.raises(InputError, match="cannot read"):
        npz(tmp_path / "d.npz", [])
    (tmp_path / "d.npz").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(InputError, match="cannot read"):
        npz(tmp_path / "d.npz", [])
    np.save(tmp_path / "one.npy", np.ones((4, 3)))
    (tmp_path / "one.npy").rename(tmp_path / "d.npz")
    with pytest.raises(InputError, match="one array without a name"):
        npz(tmp_path / "d.npz", [])


def test_classes_of_numbers_that_stand_for_no_character_are_one_line(tmp_path):
    classes = np.array(["a", "b"])
    classes.view(np.uint32)[0] = 0x7FFFFFFF
    np.savez(tmp_path / "d.npz", x=np.ones((4, 3)), y=np.arange(4) % 2, classes=classes)
    with pytest.raises(InputError, match="'classes' holds what is no text"):
        npz(tmp_path / "d.npz", [])
