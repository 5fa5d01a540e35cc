from math import prod

import numpy as np
import pytest
from hypothesis import given

from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.steps import LoweringStep, steps
from edgecompress.formats.tflite.lowering.views import View

from .conftest import VIEW_PAIRS


@given(VIEW_PAIRS)
def test_steps_make_one_view_of_another(pair):
    source, target = pair
    elements = np.arange(prod(source.factors))
    array = elements.reshape(source.factors).transpose(source.order)
    for step in steps(source, target):
        array = array.reshape(step.shape) if step.order is None else array.transpose(step.order)
        assert array.shape == step.shape
    np.testing.assert_array_equal(array, elements.reshape(target.factors).transpose(target.order))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        # A map flattened and taken apart again is the map.
        (View((1, 3, 4, 5), (0, 2, 3, 1)), View((1, 3, 4, 5), (0, 2, 3, 1)), []),
        # Height 1 is no axis to move.
        (View((1, 3, 1, 5), (0, 2, 3, 1)), View((1, 3, 5), (0, 2, 1)), [LoweringStep((1, 5, 3))]),
        (View((1, 3, 4, 5), (0, 2, 3, 1)), views.plain((1, 3, 4, 5)), [LoweringStep((1, 3, 4, 5), (0, 3, 1, 2))]),
        # Channels shuffled in groups: neighbours move as one.
        (
            View((1, 3, 2, 4, 4), (0, 3, 4, 2, 1)),
            View((1, 6, 4, 4), (0, 2, 3, 1)),
            [LoweringStep((1, 4, 4, 3, 2), (0, 1, 2, 4, 3)), LoweringStep((1, 4, 4, 6))],
        ),
    ],
)
def test_nothing_is_moved_without_need(source, target, expected):
    assert steps(source, target) == expected
