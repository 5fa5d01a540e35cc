"""Images of a data set at another resolution."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecompress.errors import InputError
from edgecompress.sources.datasets.contract import Dataset

_BLOCK = 1024


def resized(data: Dataset, resolution: int) -> Dataset:
    """``data`` with images of ``resolution`` x ``resolution`` pixels, interpolated bilinearly between pixel centres.

    What gets smaller is averaged over the pixels that go into one. Statistics stay those of the raw
    pixels; the shift of augmentation grows with the images.

    Raises:
        InputError: the samples are not images.
    """
    if len(data.input_shape) != 3:
        shape = "x".join(map(str, data.input_shape))
        raise InputError(f"inputs.resolution is for images, and {data.name} has samples of {shape}; leave it out")
    height = data.input_shape[1]
    return replace(
        data,
        train_x=_images(data.train_x, resolution),
        validation_x=_images(data.validation_x, resolution),
        test_x=_images(data.test_x, resolution),
        shift=round(data.shift * resolution / height),
    )


def _images(x: NDArray[np.float32], resolution: int) -> NDArray[np.float32]:
    """(N, C, H, W) to (N, C, resolution, resolution), block by block."""
    rows, columns = (_matrix(size, resolution) for size in x.shape[2:])
    made = np.empty((*x.shape[:2], resolution, resolution), np.float32)
    for start in range(0, len(x), _BLOCK):
        made[start : start + _BLOCK] = rows @ x[start : start + _BLOCK] @ columns.T
    return made


def _matrix(size: int, wanted: int) -> NDArray[np.float32]:
    """The weights by which each of ``wanted`` pixels is made of ``size``: (wanted, size), rows of sum 1.

    A triangle around the pixel's centre, as wide as two pixels of the coarser of both rasters.
    """
    step = size / wanted
    centres = (np.arange(wanted) + 0.5) * step - 0.5
    distances = np.abs(np.arange(size) - centres[:, None])  # what lies outside has no weight, and the rest has it all
    weights = np.maximum(0, 1 - distances / max(1.0, step))
    made: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return made
