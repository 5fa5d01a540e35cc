import numpy as np

from edgecompress.compress.cluster.algorithms.power_of_two import power_of_two


def test_levels_are_powers_of_two_of_both_signs_from_the_largest_down():
    values = np.array([-0.9, 0.3, 0.001], dtype=np.float32)
    assert power_of_two(values, 6).tolist() == [-1, -0.5, -0.25, 0.25, 0.5, 1]


def test_the_largest_level_is_the_nearest_power_to_the_largest_value():
    # 0.76 is nearer to 1 than to 0.5, 0.74 is not.
    assert power_of_two(np.array([0.76, 0.1], dtype=np.float32), 1).tolist() == [1.0]
    assert power_of_two(np.array([0.74, 0.1], dtype=np.float32), 1).tolist() == [0.5]


def test_values_of_one_sign_have_levels_of_that_sign_alone():
    assert power_of_two(np.array([1, 0.1], dtype=np.float32), 4).tolist() == [0.125, 0.25, 0.5, 1]
    assert power_of_two(np.array([-1, -0.1], dtype=np.float32), 2).tolist() == [-1, -0.5]


def test_no_level_is_smaller_than_the_smallest_value_needs():
    levels = power_of_two(np.array([-1, 0.4, 1], dtype=np.float32), 256)
    assert levels.tolist() == [-1, -0.5, 0.5, 1]


def test_the_largest_float_has_a_level():
    levels = power_of_two(np.array([3.4e38, 1], dtype=np.float32), 2)
    assert levels.tolist() == [2.0**126, 2.0**127]
