import numpy as np
import pytest

from edgecompress.errors import CheckError
from edgecompress.int8.rounding import check_rounding

WEIGHT = np.array([[0, 0.5, -1], [0.25, 0, 2]], np.float32)
SCALES = np.array([1 / 127, 2 / 127], np.float32)
INTEGERS = np.array([[0, 64, -127], [16, 0, 127]], np.int8)


def test_the_nearest_steps_pass_with_a_scale_for_each_index_of_either_axis_or_one_for_all():
    check_rounding("w", INTEGERS, SCALES, 0, WEIGHT)
    check_rounding("w", np.ascontiguousarray(INTEGERS.T), SCALES, 1, np.ascontiguousarray(WEIGHT.T))
    check_rounding("w", np.rint(WEIGHT * 63.5).astype(np.int8), np.array([2 / 127], np.float32), 0, WEIGHT)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [((0, 0), 1, "is not zero where"), ((0, 1), 65, "half a step off"), ((1, 2), 0, "half a step off")],
)
def test_a_zero_that_is_none_and_a_weight_that_is_off_are_found(place, value, words):
    wrong = INTEGERS.copy()
    wrong[place] = value
    with pytest.raises(CheckError, match=f"int8 weight 'w' .*{words}"):
        check_rounding("w", wrong, SCALES, 0, WEIGHT)


def test_another_shape_or_type_is_found():
    with pytest.raises(CheckError, match=r"is int8 \(3, 2\), expected int8 \(2, 3\)"):
        check_rounding("w", INTEGERS.T, SCALES, 0, WEIGHT)
    with pytest.raises(CheckError, match="is int16"):
        check_rounding("w", INTEGERS.astype(np.int16), SCALES, 0, WEIGHT)
