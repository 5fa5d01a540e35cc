"""One batch of CIFAR-10 as its two official layouts hold it: a binary file, or a pickle of Python 2.

A pickle can call any function. This one is read by an unpickler that knows the five names such a file needs, refuses
every other, and puts stand-ins behind these: not even NumPy's own objects are built from a state that a file chose.
"""

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecompress.sources.datasets._files import damaged

PIXELS = 3 * 32 * 32
CLASSES = 10


def binary(name: str, content: bytes) -> NDArray[np.uint8]:
    """The samples of a binary batch: (N, 3073), the label and then 1024 red, green and blue pixels each.

    Raises:
        InputError: ``content`` is not such a batch; ``name`` is what the error calls it.
    """
    if not content or len(content) % (PIXELS + 1):
        raise damaged(name, f"{len(content)} bytes are not samples of {PIXELS + 1} bytes")
    rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, PIXELS + 1)
    if rows[:, 0].max() >= CLASSES:
        raise damaged(name, f"a label is {rows[:, 0].max()}, not 0 to 9")
    return rows


def pickled(name: str, content: bytes) -> NDArray[np.uint8]:
    """The samples of a batch of the Python version, as ``binary`` returns them.

    Raises:
        InputError: ``content`` is not such a batch, or wants anything but arrays made.
    """
    try:
        batch = _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise damaged(name, f"not a batch of the Python version: {' '.join(str(error).split())}") from error
    if not isinstance(batch, dict):
        raise damaged(name, "its pickle is not a dictionary")
    array, labels = batch.get(b"data"), batch.get(b"labels")
    data: NDArray[np.uint8] = array.values if isinstance(array, _Array) else np.empty(0, dtype=np.uint8)
    if data.ndim != 2 or data.shape[1] != PIXELS:
        raise damaged(name, f"its data are not rows of {PIXELS} bytes")
    if not isinstance(labels, list) or len(labels) != len(data) or not labels:
        raise damaged(name, "it has not one label for each image")
    if not all(isinstance(label, int) and 0 <= label < CLASSES for label in labels):
        raise damaged(name, "a label is not 0 to 9")
    rows = np.empty((len(data), PIXELS + 1), dtype=np.uint8)
    rows[:, 0], rows[:, 1:] = labels, data
    return rows


def _encoded(text: str, encoding: str) -> bytes:
    """``bytes`` as protocol 2 writes them: as text of the same code points."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it encodes text as {encoding!r}")
    return text.encode("latin1")


class _ItemType:
    """A stand-in for ``numpy.dtype``."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Leave byte order and fields alone: bytes have none."""


class _Array:
    """A stand-in for ``numpy.ndarray``; the arguments that it is made with say nothing about what it will hold."""

    def __init__(self, *_: object) -> None:
        self.values: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)

    def __setstate__(self, state: tuple[object, tuple[int, ...], _ItemType, bool, bytes]) -> None:
        """Take in what NumPy pickles of an array: version, shape, type, whether in Fortran's order, bytes."""
        _, shape, item_type, fortran, content = state
        if not isinstance(item_type, _ItemType) or item_type.code not in (b"u1", "u1"):
            raise pickle.UnpicklingError("it holds an array of something else than bytes")
        self.values = np.frombuffer(content, dtype=np.uint8).reshape(shape, order="F" if fortran else "C")


# NumPy 2 renamed numpy.core; a pickle of Python 2 has the old name.
_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _ItemType,
    ("_codecs", "encode"): _encoded,
}


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows the names in ``_ALLOWED`` and no others."""

    def find_class(self, module: str, name: str) -> Any:
        """The function behind a name in the pickle.

        Raises:
            UnpicklingError: it is not one that an array of bytes needs.
        """
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}, which no batch needs") from None
