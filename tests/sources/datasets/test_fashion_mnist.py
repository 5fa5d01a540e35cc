import gzip
import shutil
import struct

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.sources.datasets.fashion_mnist import fashion_mnist

TRAIN, TEST = "train", "t10k"


def idx(array):
    """The IDX bytes of an array of bytes, as MNIST's page describes the format."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write(folder, name, content, packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    if packed:
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    else:
        (folder / name).write_bytes(content)


def lay_out(folder, packed=True, size=28):
    """A small data set in the official layout; returns its arrays."""
    random = np.random.default_rng(0)
    arrays = {}
    for part, count in ((TRAIN, 200), (TEST, 50)):
        images = random.integers(0, 256, (count, size, size), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        arrays[part] = images, labels
        write(folder, f"{part}-images-idx3-ubyte", idx(images), packed)
        write(folder, f"{part}-labels-idx1-ubyte", idx(labels), packed)
    return arrays


def load(folder):
    return fashion_mnist(folder, download=False, progress=silent)


@pytest.mark.parametrize("place", ["fashion-mnist", "FashionMNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
def test_every_layout_gives_the_same_samples_in_order(tmp_path, place, packed):
    images, labels = lay_out(tmp_path / place, packed)[TEST]
    data = load(tmp_path)
    raw = np.rint(data.test_x * np.float32(data.std[0]) + np.float32(data.mean[0]))
    assert np.array_equal(raw[:, 0, 2:-2, 2:-2], images)
    assert np.array_equal(data.test_y, labels)
    border = raw.copy()
    border[:, :, 2:-2, 2:-2] = 0
    assert not border.any()
    assert (len(data.train_y), len(data.validation_y)) == (180, 20)
    assert not data.source.official
    assert "not the official files" in data.source.note


def test_the_identity_does_not_depend_on_the_packing(tmp_path):
    lay_out(tmp_path / "a" / "fashion-mnist", packed=True)
    lay_out(tmp_path / "b" / "fashion-mnist", packed=False)
    assert load(tmp_path / "a").source.sha256 == load(tmp_path / "b").source.sha256


def test_the_official_files_are_recognised_and_have_the_published_statistics(data_dir):
    data = load(data_dir)
    assert data.source.official
    assert data.source.note == ""
    assert (data.train_x.shape, data.test_x.shape) == ((54_000, 1, 32, 32), (10_000, 1, 32, 32))
    assert np.bincount(data.validation_y).tolist() == [600] * 10
    assert np.bincount(data.test_y).tolist() == [1000] * 10
    # 0.2860 and 0.3530 of full scale are the figures in use for this data set.
    assert (round(data.mean[0] / 255, 4), round(data.std[0] / 255, 4)) == (0.2860, 0.3530)
    for x, y in ((data.train_x, data.train_y), (data.validation_x, data.validation_y), (data.test_x, data.test_y)):
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        assert x.flags.c_contiguous


def truncated(path):
    path.write_bytes(path.read_bytes()[:-20])


def not_gzip(path):
    path.write_bytes(b"<html>not found</html>")


def cut_inside(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1]))


def too_long(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"x"))


def other_format(path):
    path.write_bytes(gzip.compress(b"\x00\x00\x0d\x01" + bytes(100)))


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("hurt", [truncated, not_gzip, cut_inside, too_long, other_format, empty])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_damaged_file_is_named(tmp_path, name, hurt):
    lay_out(tmp_path / "fashion-mnist")
    hurt(tmp_path / "fashion-mnist" / name)
    with pytest.raises(InputError, match=rf"{name} is damaged \(.*\); delete it"):
        load(tmp_path)


def test_images_of_another_size_are_refused(tmp_path):
    lay_out(tmp_path / "fashion-mnist", size=27)
    with pytest.raises(InputError, match="not 28x28 pixels"):
        load(tmp_path)


def test_a_label_that_is_no_class_is_refused(tmp_path):
    lay_out(tmp_path / "fashion-mnist")
    write(tmp_path / "fashion-mnist", "t10k-labels-idx1-ubyte", idx(np.full(50, 10, dtype=np.uint8)))
    with pytest.raises(InputError, match="a label is 10"):
        load(tmp_path)


def test_images_and_labels_must_go_together(tmp_path):
    folder = tmp_path / "fashion-mnist"
    lay_out(folder)
    shutil.copy(folder / "train-labels-idx1-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz")
    with pytest.raises(InputError, match="one image and one label"):
        load(tmp_path)


def test_an_absent_file_is_named_with_its_address(tmp_path):
    lay_out(tmp_path / "fashion-mnist")
    (tmp_path / "fashion-mnist" / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte.gz does not exist.*http://fashion-mnist"):
        load(tmp_path)
