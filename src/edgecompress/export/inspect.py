"""Inspecting a model file of any format: by what its first bytes say, not by its name."""

from pathlib import Path

from edgecompress.encode.ledger import Ledger
from edgecompress.formats import find


def inspect(path: Path) -> Ledger:
    """The ledger of a model file, whoever wrote it.

    Raises:
        InputError: the file cannot be read, or is of no known format.
    """
    return find.of_file(path).inspect(path)
