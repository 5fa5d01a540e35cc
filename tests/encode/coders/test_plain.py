import numpy as np
import pytest

from edgecompress.encode.coders import plain

VALUES = np.array([0.5, -0.0, np.inf, 2.0**-24], np.float32)


@pytest.mark.parametrize(("half", "size"), [(False, 16), (True, 8)])
def test_values_come_back_bit_by_bit(half, size):
    code = plain.encode(VALUES, half=half)
    assert code.size == size
    assert plain.decode(code).dtype == np.float32
    assert plain.decode(code).tobytes() == VALUES.tobytes()
