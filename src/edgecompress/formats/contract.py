"""The contract of a file format: one function that writes a model and says where the bytes went."""

from pathlib import Path
from typing import Protocol

import onnx_ir

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode


class Format(Protocol):
    """Writes the float32 graph ``model`` to ``path`` and returns the ledger of the written file.

    ``compress=False`` writes the dense float32 file that everything is compared with; ``compress=True`` stores each
    weight in the smallest encoding of the format, of those that ``encoding`` allows: ``fast-load`` only what is decoded
    in one pass, ``smallest`` all. The model given is not changed, the file appears at once or not at
    all (``record.write_atomically``), and the same model gives the same bytes.

    Raises:
        InputError: the model holds what the format cannot express, or weights that are NaN or infinite.
    """

    def __call__(self, model: onnx_ir.Model, path: Path, *, compress: bool, encoding: Mode = "smallest") -> Ledger:
        """Write the file."""
        ...
