"""The container ``.ecz``: a model file, entropy-coded for storage and transfer, and what unpacks it.

It needs the standard library and NumPy, and holds one block and one part of an array in memory. docs/ecz.md specifies
the format; edgecompress.formats.ecz packs it.
"""

from .container import FileEntry, contents, is_model_name, unpack
from .errors import ContainerError

__all__ = ["ContainerError", "FileEntry", "contents", "is_model_name", "unpack"]
