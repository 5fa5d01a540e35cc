import numpy as np
import pytest
from PIL import Image

from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.progress import silent
from edgecompress.sources.data.folder import folder


def paint(path, colour, size=(8, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


@pytest.fixture
def images(tmp_path):
    for number in range(3):
        paint(tmp_path / f"red/{number}.png", (255, 0, 0))
        paint(tmp_path / f"blue/more/{number}.jpg", (0, 0, 255))
    return tmp_path


def test_a_folder_a_class_in_the_order_of_their_names_and_of_the_images(images):
    found = folder(images, None, silent)
    assert found.classes == ("blue", "red")
    assert found.training.y.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.training.x[0].shape == (6, 3, 6, 8)
    assert found.training.x[0][5, :, 0, 0].tolist() == [255, 0, 0]
    assert found.test is None


def test_images_become_of_the_network_s_size_and_grey(images):
    x = folder(images, (1, 4, 4), silent).training.x[0]
    assert x.shape == (6, 1, 4, 4)
    assert x[5, 0, 0, 0] == 76  # ITU-R 601: 0.299 of 255


def test_the_parts_of_a_divided_folder_are_kept(tmp_path):
    for part in ("train", "val", "test"):
        for name in "ab":
            paint(tmp_path / part / name / "1.png", 5, mode="L")
    found = folder(tmp_path, None, silent)
    assert (len(found.training), len(found.validation), len(found.test)) == (2, 2, 2)
    assert found.training.x[0].shape == (2, 1, 6, 8)


def test_the_digest_is_of_names_and_contents(images):
    first = folder(images, None, silent).sha256
    assert first == folder(images, (1, 4, 4), silent).sha256
    (images / "red/0.png").rename(images / "red/9.png")
    assert folder(images, None, silent).sha256 != first


def test_an_image_is_turned_as_its_camera_was(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (8, 4)).save(tmp_path / name / "1.jpg", exif=exif)
    assert folder(tmp_path, None, silent).training.x[0].shape[2:] == (8, 4)


def test_what_is_wrong_with_a_folder_is_one_line(images, monkeypatch):
    def refused(message, shape=None):
        with pytest.raises(InputError, match=message) as caught:
            folder(images, shape, silent)
        assert "\n" not in str(caught.value)

    refused("the network takes 3x32; 1 or 3 x height x width", (3, 32))
    (images / "empty").mkdir()
    refused("empty has no images")
    (images / "empty").rmdir()
    paint(images / "red/wide.png", 5, size=(9, 9))
    refused("several shapes")
    (images / "red/wide.png").write_bytes(b"\x89PNG nonsense")
    refused("wide.png cannot be read as an image", (3, 8, 8))
    content = (images / "red/0.png").read_bytes()
    (images / "red/wide.png").write_bytes(content[: len(content) // 2])
    refused("wide.png cannot be read as an image", (3, 8, 8))
    Image.fromarray(np.zeros((6, 8), np.uint16)).save(images / "red/wide.png")
    refused("more than 8 bits a channel", (3, 6, 8))
    for path in images.glob("red/*"):
        path.unlink()
    (images / "red").rmdir()
    refused("1 folders of images")


def test_without_pillow_the_command_that_installs_it_is_said(images, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "PIL" else find(name))
    with pytest.raises(MissingDependencyError, match=r"edgecompress\[images\]"):
        folder(images, (3, 6, 8), silent)


def test_what_systems_and_editors_leave_beside_images_is_passed_over_and_counted(images):
    plain = folder(images, None, silent)
    for left in ("red/.ipynb_checkpoints/0-checkpoint.png", "blue/more/._0.jpg", "__MACOSX/red/0.png", ".git/a.png",
                 "red/@EADIR/0.png/SYNOPHOTO_THUMB_M.jpg", ".ipynb_checkpoints/1.png"):  # fmt: skip
        paint(images / left, (0, 255, 0))
    (images / "red/Thumbs.db").write_bytes(b"\0")
    (images / ".DS_Store").write_bytes(b"\0")
    found = folder(images, None, silent)
    assert found.sha256 == plain.sha256
    assert found.classes == plain.classes
    assert np.array_equal(found.training.x[0], plain.training.x[0])
    assert not plain.notes
    (note,) = found.notes
    assert "6 hidden files and folders are passed over (.git, .ipynb_checkpoints, __MACOSX, ...)" in note


def test_a_hidden_folder_beside_divided_classes_is_none(tmp_path):
    for part in ("train", "test"):
        for name in "ab":
            paint(tmp_path / part / name / "1.png", 5, mode="L")
    paint(tmp_path / "test/.ipynb_checkpoints/1.png", 5, mode="L")
    assert folder(tmp_path, None, silent).classes == ("a", "b")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_on_white(tmp_path, mode):
    for name in "ab":
        path = tmp_path / name / "1.png"
        path.parent.mkdir()
        image = Image.new("RGBA", (4, 4), (0, 0, 0, 255))
        image.putpixel((1, 0), (0, 0, 0, 0))
        if mode == "P":
            indexed = Image.new("P", (4, 4), 1)
            indexed.putpalette([9, 9, 9, 0, 0, 0])
            indexed.putpixel((1, 0), 0)
            indexed.save(path, transparency=0)
        else:
            image.convert(mode).save(path)
    found = folder(tmp_path, (1, 4, 4), silent)
    assert found.training.x[0][0, 0, 0].tolist() == [0, 255, 0, 0]
    assert "2 images have transparent parts; they lie on white" in found.notes[0]
