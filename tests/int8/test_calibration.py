import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.int8.calibration import calibration

X = np.arange(40, dtype=np.float32).reshape(20, 1, 2)


def test_the_rows_are_of_the_training_inputs_each_once_and_always_the_same():
    chosen = calibration(X, 8)
    assert chosen.shape == (8, 1, 2)
    assert len({row.tobytes() for row in chosen} & {row.tobytes() for row in X}) == 8
    assert np.array_equal(chosen, calibration(X, 8))
    # RandomState(20220).permutation(20), as NumPy has given it since 2006.
    assert chosen[:, 0, 0].tolist() == (2 * np.random.RandomState(20220).permutation(20)[:8]).tolist()


def test_where_there_are_fewer_all_are_taken():
    assert sorted(calibration(X, 500)[:, 0, 0]) == sorted(X[:, 0, 0])


def test_no_inputs_and_inputs_that_are_not_numbers_are_refused():
    with pytest.raises(InputError, match=r"no training inputs to calibrate int8 with; .* export\.int8=false"):
        calibration(X[:0], 8)
    with pytest.raises(InputError, match="NaN or infinite"):
        calibration(np.full((3, 1), np.nan, np.float32), 2)
