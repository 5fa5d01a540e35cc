"""The numbers in a buffer of a .tflite file, and the vectors of its tables, which may be absent."""

from typing import Any

import numpy as np

from edgecompress.formats.tflite.graph import Array

_PLAIN = {
    "FLOAT16", "FLOAT32", "FLOAT64", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL",
}  # fmt: skip
_PACKED_BITS = {"INT4": 4, "INT2": 2}


def numbers(payload: Array, kind: str, expected: int | None) -> Array:
    """The flat array of ``expected`` elements in a buffer; as many as it holds where that is None."""
    if kind in _PACKED_BITS:
        bits = _PACKED_BITS[kind]
        shifts = np.arange(0, 8, bits, dtype=np.uint8)
        # Lowest bits first; shifted to the top of the byte and back, which extends the sign.
        parts = ((payload[:, np.newaxis] >> shifts) << (8 - bits)).astype(np.uint8).view(np.int8) >> (8 - bits)
        array = parts.reshape(-1)
        if expected is not None and len(payload) == -(-expected * bits // 8):
            array = array[:expected]
    elif kind == "BFLOAT16":
        array = (payload.view("<u2").astype(np.uint32) << 16).view(np.float32)
    elif kind in _PLAIN:
        array = payload.view(np.dtype(kind.lower()).newbyteorder("<"))
    else:
        raise ValueError(f"tensor type {kind} is unknown")
    if expected is not None and array.size != expected:
        raise ValueError(f"a buffer of {len(payload)} bytes does not fit its {kind} tensor of {expected} elements")
    return array


def vector(found: Any) -> Array:
    """A vector that the accessors return as an array, or as 0 where it is absent."""
    return found if isinstance(found, np.ndarray) else np.zeros(0, np.uint8)
