import numpy as np
import pytest

from edgecompress.search.curves import curve, weight_bytes
from edgecompress.search.records import Sensitivity


def found(layer, change, points):
    return [
        Sensitivity(layer=layer, weights=1, change=change, value=value, accuracy=0, loss_rise=rise)
        for value, rise in points.items()
    ]


@pytest.fixture
def wide(layers):
    return layers()[1]


def test_a_curve_goes_through_the_scan_and_on_beyond_it(wide):
    known = [*found("wide", "sparsity", {0.5: 0.1, 0.75: 0.3}), *found("wide", "bits", {2: 0.4, 4: 0.1})]
    along = curve(wide, [*known, *found("conv", "sparsity", {0.5: 9.0})])

    def loss(density, bits):
        return float(along.loss(np.array([np.log2(density)]), np.array([bits]))[0])

    assert loss(1.0, 2) == pytest.approx(0.4)
    assert loss(0.5, 4) == pytest.approx(0.1 + 0.1)
    assert loss(0.25, 3) == pytest.approx(0.3 + 0.25)
    assert loss(0.125, 4) == pytest.approx(0.5 + 0.1)  # the last slope, 0.2 a halving
    assert loss(1.0, 1) == pytest.approx(1.6)  # a bit less, four times the error
    assert loss(1.0, 5) == pytest.approx(0.025)


def test_noise_never_makes_a_sparser_layer_better(wide):
    along = curve(wide, found("wide", "sparsity", {0.5: 0.2, 0.75: 0.1, 0.9: -0.1}))
    losses = along.loss(np.linspace(-7, 0, 50), np.full(50, 8))
    assert (np.diff(losses) <= 0).all()
    assert losses[-1] == 0


def test_bytes_are_the_entropy_of_the_places_and_the_bits_of_the_values():
    assert weight_bytes(8000, 0.0, 5) == pytest.approx(5000)
    assert weight_bytes(8000, -1.0, 4) == pytest.approx(1000 * (1 + 2))
    assert weight_bytes(8000, np.log2(0.1), 5) == pytest.approx(1000 * (0.4690 + 0.5), rel=1e-4)
