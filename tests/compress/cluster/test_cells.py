import numpy as np

from edgecompress.compress.cluster.cells import cells
from edgecompress.compress.cluster.points import distinct


def test_as_many_points_as_cells_are_a_cell_each():
    assert cells(distinct(np.arange(5, dtype=np.float32)), 5).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_cell_s_width_goes_with_the_third_root_of_the_density():
    # Half of the points in a thousandth of the range: 1000 times denser, so the cells there are 10 times narrower.
    values = np.concatenate([np.linspace(0, 1, 50_000, endpoint=False), np.linspace(1, 1001, 50_000)])
    points = distinct(values.astype(np.float32))
    cuts = cells(points, 1010)
    assert abs(np.count_nonzero(points.x[cuts[:-1]] < 1) - 10) <= 2
    assert abs(len(cuts) - 1011) <= 2


def test_an_outlier_takes_few_cells_from_the_rest():
    values = np.append(np.random.default_rng(0).normal(size=10_000), 1e6).astype(np.float32)
    assert len(cells(distinct(values), 500)) > 450
