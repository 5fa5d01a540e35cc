"""The shapes and class counts of the built-in data sets, without their samples."""

from edgecompress import methods
from edgecompress.errors import InputError

_SHAPES = {
    "digits": ((1, 32, 32), 10),
    "fashion-mnist": ((1, 32, 32), 10),
    "cifar-10": ((3, 32, 32), 10),
    "uci-har": ((9, 128), 6),
}


def shape_of(data: str) -> tuple[tuple[int, ...], int]:
    """The shape of a sample, channels first, and the number of classes.

    Raises:
        InputError: there is no such data set.
    """
    if data not in _SHAPES:
        raise InputError(methods.unknown("data set", data, list(_SHAPES)))
    return _SHAPES[data]
