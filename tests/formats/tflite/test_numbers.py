import numpy as np
import pytest

from edgecompress.formats.tflite.numbers import numbers, vector


@pytest.mark.parametrize(
    ("kind", "payload", "expected"),
    [
        ("INT8", [0xFF, 1], [-1, 1]),
        ("INT4", [0x2F, 0x08], [-1, 2, -8]),
        ("INT2", [0b11100100], [0, 1, -2, -1]),
        ("BFLOAT16", [0x80, 0x3F], [1.0]),
        ("INT32", [1, 1, 0, 0], [257]),
    ],
)
def test_numbers_are_those_of_the_type(kind, payload, expected):
    assert numbers(np.array(payload, np.uint8), kind, len(expected)).tolist() == expected


@pytest.mark.parametrize(("kind", "count"), [("INT8", 3), ("INT4", 9), ("FLOAT128", 1)])
def test_a_buffer_that_does_not_fit_is_refused(kind, count):
    with pytest.raises(ValueError, match=r"does not fit|unknown"):
        numbers(np.zeros(4, np.uint8), kind, count)


def test_an_absent_vector_is_empty():
    assert vector(0).size == 0
