"""A folder of images, one folder a class: ``cats/1.jpg``; or ``train/cats/1.jpg``, with ``val`` and ``test`` beside it.

An image becomes grey or coloured as the network takes it, the largest centred part of the wanted proportions, resized.
What is transparent lies on white. What systems and editors leave beside images is passed over.
"""

import hashlib
import importlib.util
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.progress import Progress
from edgecompress.sources.data.samples import Samples, Split

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_PARTS = {"training": ("train", "training"), "validation": ("val", "valid", "validation"), "test": ("test",)}
_MODES = {1: "L", 3: "RGB"}
_HIDDEN = (
    *("__macosx", "$recycle.bin", "system volume information", "lost+found"),
    *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "~snapshot"),
)
"""Folders beside images that are no classes, in lower case: of macOS, Windows and file systems, of network storage."""
_WHITE = (255, 255, 255, 255)
_WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


def folder(path: Path, shape: tuple[int, ...] | None, progress: Progress) -> Samples:
    """All images below ``path``, decoded once.

    Args:
        path: the folder.
        shape: (channels, height, width) that the network takes; None: that of the images, if it is the same for all.
        progress: called with every hundredth image.

    Raises:
        InputError: there are fewer than two classes, a class without images, an image that cannot be read, or a shape
            that images do not have.
        MissingDependencyError: Pillow is not installed.
    """
    if importlib.util.find_spec("PIL") is None:
        raise MissingDependencyError(
            "a folder of images needs Pillow, which is not installed: pip install 'edgecompress[images]'"
        )
    if shape is not None and (len(shape) != 3 or shape[0] not in _MODES):
        sizes = "x".join(map(str, shape))
        raise InputError(f"{path} holds images, and the network takes {sizes}; 1 or 3 x height x width is needed")
    divided = {part: there for part, names in _PARTS.items() if (there := _first(path, names)) is not None}
    roots = divided if "training" in divided else {"training": path}
    classes = _classes(roots["training"])
    files = {part: _files(root, classes) for part, root in roots.items()}
    total, digest, done = sum(len(each) for each in files.values()), hashlib.sha256(), 0
    shape = shape or _common_shape([file for each in files.values() for file, _ in each])
    parts, transparent = {}, 0
    for part, found in files.items():
        x = np.empty((len(found), *shape), np.uint8)
        for number, (file, _) in enumerate(found):
            content = _read(file)
            digest.update(f"{file.relative_to(path).as_posix()} {len(content)}\n".encode() + content)
            x[number], through = _decoded(file, content, shape)
            transparent += through
            done += 1
            if done % 100 == 0 or done == total:
                progress(f"read {path.name}", done, total)
        parts[part] = Split((x,), np.array([label for _, label in found], np.int64))
    return Samples(
        parts["training"],
        parts.get("test"),
        parts.get("validation"),
        classes,
        digest.hexdigest(),
        f"images of {path.name}",
        tuple(_notes(path, transparent)),
    )


def _notes(path: Path, transparent: int) -> Iterator[str]:
    """Notes for the user on what was read."""
    passed = [
        each
        for each in sorted(path.rglob("*"))
        if _hidden(each.name)
        and not any(_hidden(part) for part in each.relative_to(path).parts[:-1])
        and (each.is_dir() or each.suffix.lower() in SUFFIXES)
    ]
    if passed:
        some = ", ".join(each.relative_to(path).as_posix() for each in passed[:3])
        yield (
            f"{path}: {len(passed)} hidden files and folders are passed over "
            f"({some}{', ...' if len(passed) > 3 else ''})"
        )
    if transparent:
        yield f"{path}: {transparent} images have transparent parts; they lie on white"


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _HIDDEN


def _first(path: Path, names: tuple[str, ...]) -> Path | None:
    return next((path / name for name in names if (path / name).is_dir()), None)


def _classes(root: Path) -> tuple[str, ...]:
    """The names of the folders below ``root``, sorted."""
    try:
        found = tuple(sorted(each.name for each in root.iterdir() if each.is_dir() and not _hidden(each.name)))
    except OSError as error:
        raise InputError(f"cannot read {root}: {error.strerror or error}") from error
    if len(found) < 2:
        raise InputError(f"{root} has {len(found)} folders of images; give one folder a class, and two classes or more")
    return found


def _files(root: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """All images with their classes, sorted."""
    below = [each.name for each in root.iterdir() if each.is_dir() and not _hidden(each.name)]
    unknown = [name for name in below if name not in classes]
    if unknown:
        raise InputError(f"{root} has a class '{unknown[0]}' that the training images have not")
    found = []
    for label, name in enumerate(classes):
        images = sorted(
            each
            for each in (root / name).rglob("*")
            if each.suffix.lower() in SUFFIXES and not any(map(_hidden, each.relative_to(root).parts))
        )
        if not images:
            raise InputError(f"{root / name} has no images ({', '.join(SUFFIXES)}); add some or remove the folder")
        found += [(image, label) for image in images]
    return found


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def _common_shape(files: list[Path]) -> tuple[int, ...]:
    """The shape of all images."""
    found = set()
    for file in files:
        image = _opened(file, _read(file))
        found.add((1 if image.mode in ("1", "L", "LA") else 3, image.height, image.width))
    if len(found) > 1:
        some = ", ".join("x".join(map(str, shape)) for shape in sorted(found)[:3])
        raise InputError(f"the images are of several shapes ({some}); say one: --set 'inputs.shapes=[\"3x64x64\"]'")
    return found.pop()


def _opened(file: Path, content: bytes) -> Any:
    from PIL import Image, ImageOps

    try:
        image = Image.open(io.BytesIO(content))
        image.load()
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file} cannot be read as an image ({reason}); repair or remove it") from error


def _decoded(file: Path, content: bytes, shape: tuple[int, ...]) -> tuple[NDArray[np.uint8], bool]:
    """The pixels, and whether some were transparent."""
    from PIL import Image, ImageOps

    image = _opened(file, content)
    if image.mode in _WIDE:
        raise InputError(f"{file} has more than 8 bits a channel ({image.mode}); convert it to 8 bits, or give an .npz")
    through = False
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        through = image.getchannel("A").getextrema()[0] < 255
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image)
    image = image.convert(_MODES[shape[0]])
    if (image.height, image.width) != shape[1:]:
        image = ImageOps.fit(image, (shape[2], shape[1]), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.uint8)
    return (pixels[None] if shape[0] == 1 else np.moveaxis(pixels, -1, 0)), through
