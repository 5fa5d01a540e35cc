import pytest

from edgecompress.compress.prune.schedules.cubic import cubic


@pytest.mark.parametrize(("progress", "expected"), [(0.0, 0.0), (0.5, 0.875), (1.0, 1.0), (-1.0, 0.0), (2.0, 1.0)])
def test_follows_equation_1_of_zhu_and_gupta_for_a_dense_start(progress, expected):
    final = 0.9
    by_equation = final + (0.0 - final) * (1 - min(max(progress, 0), 1)) ** 3
    assert cubic(progress, 1.0) == pytest.approx(expected)
    assert cubic(progress, final) == pytest.approx(by_equation)
