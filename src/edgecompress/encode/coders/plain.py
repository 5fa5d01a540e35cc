"""Values as they are: float32, or float16 where that is exact."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgecompress.encode.weights import Floats


@dataclass(frozen=True, eq=False)
class Plain:
    """``values``: float32 or float16 [count]."""

    values: npt.NDArray[np.float32] | npt.NDArray[np.float16]

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return self.values.nbytes


def encode(values: Floats, *, half: bool) -> Plain:
    """``values``; ``half`` says that float16 holds them exactly."""
    return Plain(values.astype(np.float16) if half else values)


def decode(code: Plain) -> Floats:
    """The values as float32."""
    return code.values.astype(np.float32)
