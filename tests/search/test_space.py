import numpy as np
import pytest

from edgecompress.search.allocation import Allocation, LayerPlace
from edgecompress.search.curves import Curve
from edgecompress.search.space import space


@pytest.fixture
def own(layers):
    return Allocation(tuple(layers()), (LayerPlace(-1.0, 5), LayerPlace(-3.0, 4), LayerPlace(-2.0, 5)))


@pytest.fixture
def curves():
    flat = Curve(np.array([-4.0, 0.0]), np.array([1.0, 0.0]), 4.0 ** -np.arange(1.0, 9.0))
    return dict.fromkeys(("conv", "wide", "narrow"), flat)


def test_the_first_start_is_the_recipe_s_own_allocation(own, curves):
    where = space(own, curves, allowed=None)
    found = where.allocation(where.point(where.starts()[0]))
    assert found.settings() == own.settings()
    assert len({str(where.allocation(point).settings()) for point in where.starts()}) >= 8


def test_all_other_coordinates_leave_the_size_as_it_is(own, curves):
    where = space(own, curves, allowed=None)
    for point in (
        {"guide:density": 1.0},
        {"bits": -2.0, "bits:wide": 1.0},
        {"density:conv": 1.0, "density:wide": -1.0, "guide:bits": 1.0},
    ):
        for size in (-1.0, 0.0, 0.5):
            assert where.allocation({**point, "size": size}).bytes() == pytest.approx(own.bytes() * 2**size, rel=0.02)


def test_a_budget_bounds_the_size(own, curves):
    where = space(own, curves, allowed=own.bytes() / 2)
    assert where.floats["size"] == (-3.0, pytest.approx(-1.0))
    starts = where.starts()
    assert starts[0]["size"] == 0.0  # what few steps lose is known from it
    assert all(point["size"] <= -1.0 + 1e-9 for point in starts[1:])
    assert space(own, curves, allowed=-5.0).floats["size"][1] < -5  # less than the graph alone: as small as can be


def test_what_is_not_free_is_no_coordinate(layers, curves):
    fixed = layers(cluster__granularity="model", layers={"wide": {"pattern": "2:4"}})
    where = space(Allocation(tuple(fixed), (LayerPlace(-1, 5),) * 3), curves, allowed=None)
    assert set(where.floats) == {"size", "guide:density", "guide:bits", "density:conv", "density:narrow"}
    assert where.integers == {}
