"""The way back: a packed ONNX file as a plain one, for tools that cannot fold what decodes its weights."""

import tempfile
from pathlib import Path

from edgecompress.errors import InputError
from edgecompress.formats.onnx import versions
from edgecompress.formats.onnx.decoded import found_in
from edgecompress.formats.onnx.folding import is_encoded
from edgecompress.formats.onnx.pack import check_identical, fingerprints, graph_of
from edgecompress.formats.onnx.read import read_lean
from edgecompress.formats.onnx.widened import narrow
from edgecompress.formats.onnx.write import write


def unpack_onnx(source: Path, target: Path) -> None:
    """Write the packed ONNX file ``source`` to ``target`` with its weights as plain arrays, bit by bit the same.

    Operators, names, inputs and outputs stay; what decoded the weights goes. Weights of float16 and int8 are that
    again, those too that the network reads as float32 behind a Cast; what other nodes made of constants stays what
    they made of it. The file appears after its weights were compared, or not at all.

    Raises:
        InputError: the source cannot be read, is damaged, or holds nothing that this package packed.
        CheckError: what was written does not hold the same weights.
        MissingDependencyError: onnxruntime is not installed.
    """
    read = read_lean(source)
    if not any(map(is_encoded, found_in(read).constants)):
        raise InputError(f"{source} is not packed: its weights are plain already")
    weights = fingerprints(source, read)
    model = graph_of(read)
    narrow(model)
    versions.lower(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        written = Path(folder) / target.name
        write(model, written)
        check_identical(written, weights)
        for file in sorted(Path(folder).iterdir(), key=lambda file: file == written):  # the model after its data
            file.replace(target.with_name(file.name))
