"""Writing an ONNX file, with its large tensors in a file beside it where one file cannot hold them."""

import tempfile
from pathlib import Path

import onnx_ir as ir

from edgecompress.errors import InputError
from edgecompress.record import write_atomically

LARGEST = 2**31 - 1 - 2**20
"""Bytes of tensors in one file: a protobuf message ends at 2 GiB, and the graph needs room too."""

_STAYS = 1024
"""Tensors up to this size stay in the file: shapes, codebooks."""


def write(model: ir.Model, path: Path) -> None:
    """Write ``model`` to ``path``, all of it at once or not at all; the same model gives the same bytes.

    Tensors beyond ``LARGEST`` bytes go to ``<name>.data`` in the same folder (ONNX external data).

    Raises:
        InputError: what is left in the file is still too large.
    """
    sizes = [value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value]
    if sum(sizes) <= LARGEST:
        write_atomically(path, ir.to_proto(model).SerializeToString(deterministic=True))
        return
    if sum(size for size in sizes if size <= _STAYS) > LARGEST:
        raise InputError(f"{path} would take more than 2 GiB without its large tensors; no runtime could read it")
    data = f"{path.name}.data"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        written = Path(folder) / path.name
        ir.save(model, written, external_data=data, size_threshold_bytes=_STAYS)
        # The tensors first: a model never names a file that is not there.
        (Path(folder) / data).replace(path.with_name(data))
        written.replace(path)
