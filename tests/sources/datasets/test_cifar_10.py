import io
import os
import pickle
import shutil
import tarfile

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.sources.datasets.cifar_10 import BINARY, PYTHON, cifar_10

NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def batches():
    """Six small batches: the labels, and pixels of which every one differs from its neighbours."""
    random = np.random.default_rng(0)
    return {
        name: ((np.arange(40) % 10).astype(np.uint8), random.integers(0, 256, (40, 3, 32, 32), dtype=np.uint8))
        for name in NAMES
    }


def as_binary(folder):
    place = folder / "cifar-10-batches-bin"
    place.mkdir()
    for name, (labels, pixels) in batches().items():
        (place / f"{name}.bin").write_bytes(
            b"".join(bytes([y]) + x.tobytes() for y, x in zip(labels, pixels, strict=True))
        )
    return place


def text(value):
    """A byte string as Python 2 pickles it."""
    return b"T" + len(value).to_bytes(4, "little") + value


def python_2_pickle(labels, pixels):
    """The pickle that Python 2 and NumPy 1 write of {'data': array, 'labels': list}, opcode by opcode."""
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85"
        + (text(b"b") + b"tR(K\x01M" + len(pixels).to_bytes(2, "little") + b"M\x00\x0c\x86")
        + (b"cnumpy\ndtype\n(" + text(b"u1") + b"K\x00K\x01tR(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xff")
        + (b"J\xff\xff\xff\xffK\x00tb\x89" + text(pixels.tobytes()) + b"tb")
    )
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


def python_3_pickle(labels, pixels):
    return pickle.dumps({b"data": np.asfortranarray(pixels.reshape(-1, 3072)), b"labels": labels.tolist()}, protocol=2)


def as_python(folder, write=python_2_pickle):
    place = folder / "cifar-10-batches-py"
    place.mkdir()
    for name, (labels, pixels) in batches().items():
        (place / name).write_bytes(write(labels, pixels))
    return place


def packed(place, name):
    with tarfile.open(place.parent / name, "w:gz") as archive:
        archive.add(place, place.name)
    shutil.rmtree(place)
    return place.parent / name


LAYOUTS = {
    "binary folder": as_binary,
    "python folder": as_python,
    "python 3 folder": lambda folder: as_python(folder, python_3_pickle),
    "binary archive": lambda folder: packed(as_binary(folder), BINARY.file_name),
    "python archive": lambda folder: packed(as_python(folder), PYTHON.file_name),
}


def load(folder):
    return cifar_10(folder, download=False, progress=silent)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_samples_in_order(tmp_path, layout):
    LAYOUTS[layout](tmp_path)
    before = sorted(tmp_path.rglob("*"))
    data = load(tmp_path)
    labels, pixels = batches()["test_batch"]
    scale, offset = (np.float32(v).reshape(3, 1, 1) for v in (data.std, data.mean))
    assert np.array_equal(np.rint(data.test_x * scale + offset), pixels)
    assert np.array_equal(data.test_y, labels)
    assert (len(data.train_y), len(data.validation_y)) == (180, 20)
    assert not data.source.official
    assert "not the official files" in data.source.note
    assert sorted(tmp_path.rglob("*")) == before, "nothing is unpacked to disk"


def test_the_identity_is_that_of_the_samples(tmp_path):
    digests = set()
    for number, lay_out in enumerate(LAYOUTS.values()):
        (tmp_path / str(number)).mkdir()
        lay_out(tmp_path / str(number))
        digests.add(load(tmp_path / str(number)).source.sha256)
    assert len(digests) == 1


def test_the_whole_data_set(data_dir):
    data = load(data_dir)
    assert (data.train_x.shape, data.test_x.shape) == ((45_000, 3, 32, 32), (10_000, 3, 32, 32))
    assert np.bincount(data.validation_y).tolist() == [500] * 10
    assert np.bincount(data.test_y).tolist() == [1000] * 10
    assert data.train_x.flags.c_contiguous
    # The figures in use for this data set; a JPEG copy of it is a little off.
    np.testing.assert_allclose(np.array(data.mean) / 255, (0.4914, 0.4822, 0.4465), atol=0.01)
    np.testing.assert_allclose(np.array(data.std) / 255, (0.2470, 0.2435, 0.2616), atol=0.01)


class Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("function", [os.system, eval, np.fromfile])
def test_a_pickle_that_wants_more_than_arrays_is_refused_and_calls_nothing(tmp_path, function, protocol):
    place = as_python(tmp_path)
    mark = tmp_path / "mark"
    argument = f"touch {mark}" if function is os.system else f"open({str(mark)!r}, 'w')"
    (place / "data_batch_3").write_bytes(pickle.dumps(Attack(function, argument), protocol=protocol))
    with pytest.raises(InputError, match=r"data_batch_3 is damaged .*it wants to call") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


@pytest.mark.parametrize(
    "batch",
    [
        {b"data": np.array([None] * 40), b"labels": [0] * 40},
        {b"data": np.zeros((40, 3072)), b"labels": [0] * 40},
        {b"data": np.zeros((40, 3071), np.uint8), b"labels": [0] * 40},
        {b"data": np.zeros((40, 3072), np.uint8), b"labels": [0] * 39},
        {b"data": np.zeros((40, 3072), np.uint8), b"labels": [10] * 40},
        {b"data": np.zeros((40, 3072), np.uint8), b"labels": [[0]] * 40},
        {b"data": np.zeros((0, 3072), np.uint8), b"labels": []},
        {b"labels": [0] * 40},
        [1, 2],
    ],
    ids=str,
)
def test_a_pickle_of_something_else_is_refused(tmp_path, batch):
    (as_python(tmp_path) / "test_batch").write_bytes(pickle.dumps(batch, protocol=2))
    with pytest.raises(InputError, match="test_batch is damaged"):
        load(tmp_path)


def test_a_truncated_pickle_is_refused(tmp_path):
    path = as_python(tmp_path) / "data_batch_1"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="data_batch_1 is damaged"):
        load(tmp_path)


def test_a_truncated_or_mislabelled_binary_batch_is_refused(tmp_path):
    path = as_binary(tmp_path) / "data_batch_5.bin"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(InputError, match=r"data_batch_5.bin is damaged \(122919 bytes are not samples of 3073"):
        load(tmp_path)
    path.write_bytes(b"\x0a" + content[1:])
    with pytest.raises(InputError, match="a label is 10"):
        load(tmp_path)


def test_an_absent_batch_is_named(tmp_path):
    (as_binary(tmp_path) / "data_batch_2.bin").unlink()
    with pytest.raises(InputError, match=r"cannot read .*data_batch_2.bin"):
        load(tmp_path)


@pytest.mark.parametrize("hurt", [lambda c: c[: len(c) // 2], lambda c: b"<html>", lambda c: b""])
def test_a_damaged_archive_is_refused(tmp_path, hurt):
    path = LAYOUTS["binary archive"](tmp_path)
    path.write_bytes(hurt(path.read_bytes()))
    with pytest.raises(InputError, match=r"cifar-10-binary.tar.gz is damaged"):
        load(tmp_path)


def test_links_and_paths_in_an_archive_lead_nowhere(tmp_path):
    outside = tmp_path / "secret"
    outside.write_bytes(b"x" * 3073)
    with tarfile.open(tmp_path / BINARY.file_name, "w:gz") as archive:
        for name in NAMES:
            link = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            link.type, link.linkname = tarfile.SYMTYPE, str(outside)
            archive.addfile(link)
        escape = tarfile.TarInfo("../escape")
        escape.size = 1
        archive.addfile(escape, io.BytesIO(b"x"))
    with pytest.raises(InputError, match=r"does not hold cifar-10-batches-bin/data_batch_1.bin"):
        load(tmp_path)
    assert not (tmp_path.parent / "escape").exists()
