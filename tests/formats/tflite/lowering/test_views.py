from hypothesis import given

from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.views import View

from .conftest import VIEW_PAIRS


@given(VIEW_PAIRS)
def test_the_natural_view_has_an_axis_for_each_and_axes_finds_them(pair):
    view, shape = pair[0], pair[1].factors
    natural = views.natural(view, shape)
    assert natural.factors == shape
    found = views.axes(natural, shape)
    assert found is not None
    assert [natural.shape[axis] for axis in found] == list(shape)


def test_groups_fall_on_axes_or_there_are_none():
    held = View((1, 6, 4), (0, 2, 1))
    assert views.groups(held, (1, 6, 4)) == [range(0, 1), range(1, 2), range(2, 3)]
    assert views.groups(held, (1, 24)) == [range(0, 1), range(1, 3)]
    assert views.groups(held, (6, 4)) == [range(0, 2), range(2, 3)]
    assert views.groups(held, (1, 4, 6)) is None
    assert views.axes(held, (1, 24)) is None


def test_broadcast_has_ones_where_the_other_shape_has():
    held = views.channels_last((1, 6, 4, 5))
    assert views.broadcast(held, (1, 6, 1, 1), (1, 6, 4, 5)) == View((1, 6, 1, 1), (0, 2, 3, 1))
