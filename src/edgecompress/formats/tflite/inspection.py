"""Read what a .tflite file holds from its bytes: the ledger, and the weights as a runtime sees them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from edgecompress.encode.ledger import Ledger, TensorEntry
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.graph import Array
from edgecompress.formats.tflite.mapped import Data
from edgecompress.formats.tflite.reader import Constant, constants, read
from edgecompress.formats.tflite.sparse_inference.emulated import judged
from edgecompress.formats.tflite.sparse_inference.verdict import remark
from edgecompress.formats.tflite.weights import OPERATOR_BYTES, SPARSITY_BYTES

# The schema knows no such entry: XNNPACK's delegate reads it, and takes no other spelling (TFLite's converter writes it
# as "reduced precision support"): where and in what products may be taken, then in what they are added up.
REDUCED_PRECISION = "reduced_precision_support"


def inspect_tflite(path: Path, notes: Mapping[str, str] = MappingProxyType({})) -> Ledger:
    """The ledger of any .tflite file: every weight tensor, in file order.

    Integers without quantisation (shapes, axes) are not weights; text is not either. Shapes are the file's own:
    convolutions (O, H, W, I), depthwise (1, H, W, O), matrices (O, I). Its remarks say what sparse inference does with
    the file on processors without AVX, where it does anything, and that float16 arithmetic is allowed, where it is;
    ``notes`` are of tensors by name.

    Raises:
        InputError: the file cannot be read, is not TFLite, or is damaged.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    found = ledger(read(path), str(path), notes)
    verdict = judged(path)
    remarks = [remark(verdict)] if verdict.state != "off" else []
    with model_file.parsed(path) as model, model_file.damage(path):
        if any(entry.name == REDUCED_PRECISION.encode() for entry in model.metadata or []):
            remarks.append(
                f"by its metadata entry {REDUCED_PRECISION}, LiteRT may compute in float16 where the processor can "
                "(Armv8.2 and later): values depend on it, and zeros are not skipped there"
            )
    return found.model_copy(update={"remarks": tuple(remarks)})


def decoded_weights_tflite(path: Path) -> dict[str, Array]:
    """The weight tensors of a .tflite file by name, expanded: CSR dense, float16 as float32, int4 as int8.

    Quantised integers are float32 where a DEQUANTIZE follows them, else they stay integers. A name that several
    tensors have gets ``#2``, ``#3``, ... from the second on.

    Raises:
        InputError: the file cannot be read, is not TFLite, or is damaged.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    return {name: constant.array for name, constant in _weights(read(path), str(path))}


def ledger(data: Data, where: str, notes: Mapping[str, str]) -> Ledger:
    """The ledger of a file's bytes; ``where`` names it in an error, ``notes`` are of tensors by name."""
    entries = [
        TensorEntry.of(
            name,
            constant.array,
            encoding=constant.encoding,
            stored=stored_bytes(constant),
            note=notes.get(name, ""),
        )
        for name, constant in _weights(data, where)
    ]
    return Ledger(tensors=tuple(entries), file_bytes=len(data))


def stored_bytes(constant: Constant) -> int:
    """Bytes that a file spends on a constant, decoding included; an estimate for the tables around the data."""
    return constant.bytes + constant.decoders * OPERATOR_BYTES + constant.sparse * SPARSITY_BYTES


def _weights(data: Data, where: str) -> Iterator[tuple[str, Constant]]:
    """The constants that are weights, under names of which each occurs once."""
    seen: dict[str, int] = {}
    for constant in constants(data, where):
        if not constant.is_weight:
            continue
        seen[constant.name] = seen.get(constant.name, 0) + 1
        number = seen[constant.name]
        yield (constant.name if number == 1 else f"{constant.name}#{number}"), constant
