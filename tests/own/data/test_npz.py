import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.own.data.npz import npz


def test_a_file_of_arrays_is_read_and_its_digest_is_the_file_s(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.ones((4, 3)), y=np.arange(4) % 2)
    found = npz(tmp_path / "d.npz", [])
    assert len(found.training) == 4
    assert len(found.sha256) == 64
    assert found.shapes[0].shape == [3]


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
