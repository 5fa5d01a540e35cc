"""The way back: a packed file as a plain one, for tools that cannot fold what decodes its weights."""

from pathlib import Path

from edgecompress.errors import InputError
from edgecompress.formats import find


def unpack(source: Path, target: Path) -> None:
    """Write the packed file ``source`` to ``target`` with its weights as plain arrays, bit by bit the same.

    Raises:
        InputError: the source cannot be read, its format has nothing to take out, or nothing in it is packed.
        CheckError: what was written does not hold the same weights.
        MissingDependencyError: the format's runtime is not installed.
    """
    kind = find.of_file(source)
    if kind.unpack is None:
        raise InputError(
            f"{source} is {kind.title}, which has no decoders to take out; pack the file that it was made from"
        )
    kind.unpack(source, target)
