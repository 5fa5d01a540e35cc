from itertools import product

import numpy as np
import pytest

from edgecompress.search.allocation import Allocation, LayerPlace, guided
from edgecompress.search.curves import Curve, weight_bytes


@pytest.fixture
def own(layers):
    return Allocation(tuple(layers()), (LayerPlace(-1.0, 5), LayerPlace(-3.0, 4), LayerPlace(-2.0, 5)))


def straight(steep):
    return Curve(np.array([-4.0, 0.0]), np.array([steep, 0.0]), steep * 4.0 ** -np.arange(1.0, 9.0))


def test_settings_say_sparsity_and_bits(own):
    assert [(each.sparsity, each.bits) for each in own.settings().values()] == [(0.5, 5), (0.875, 4), (0.75, 5)]


def test_a_move_ends_at_the_limits(own):
    moved = own.moved([-20, 20, -1], [-9, 9, 0.4])
    assert moved.places[0] == LayerPlace(pytest.approx(np.log2(1 / 9)), 1)
    assert moved.places[1] == LayerPlace(0.0, 8)
    assert moved.places[2] == LayerPlace(-3.0, 5)


def test_between_and_scaled(own):
    there = own.moved([-1, -2, 1], [0, 2, 2])
    assert own.between(there, 0.0) == own
    assert own.between(there, 1.0) == there
    assert own.between(there, 0.5).places[1] == LayerPlace(-4.0, 5)
    for size in (0.5, 0.8, 1.5):
        assert own.scaled(size * own.bytes()).bytes() == pytest.approx(size * own.bytes(), rel=1e-3)
    assert own.scaled(1.0).places[1].log_density == pytest.approx(np.log2(0.005))  # no further than it may


def test_no_choice_of_all_bits_costs_less_loss_in_as_few_bytes(own):
    """Against every combination: on the convex hull nothing is better."""
    curves = {layer.name: straight(steep) for layer, steep in zip(own.layers, (3.0, 1.0, 0.2), strict=True)}

    def cost(places):
        pairs = zip(own.layers, places, strict=True)
        return sum(float(curves[each.name].loss(np.array([p.log_density]), np.array([p.bits]))[0]) for each, p in pairs)

    best = guided(own, curves, own.bytes(), along="bits")
    assert best.bytes() <= own.bytes()
    for bits in product(range(1, 9), repeat=3):
        places = tuple(LayerPlace(place.log_density, bit) for place, bit in zip(own.places, bits, strict=True))
        sizes = zip(own.layers, places, strict=True)
        if sum(float(weight_bytes(layer.weights, p.log_density, p.bits)) for layer, p in sizes) <= best.bytes():
            assert cost(places) >= cost(best.places) - 1e-9


def test_the_layer_that_bears_less_stays_denser(own):
    curves = {"conv": straight(1.0), "wide": straight(0.01), "narrow": straight(1.0)}
    dense_narrow = guided(own, curves, own.bytes(), along="density")
    assert dense_narrow.bytes() <= own.bytes()
    assert dense_narrow.places[2].log_density > dense_narrow.places[1].log_density
    assert [place.bits for place in dense_narrow.places] == [5, 4, 5]


def test_a_layer_whose_pattern_leaves_no_choice_keeps_its_zeros(layers):
    fixed = Allocation(
        tuple(layers(layers={"wide": {"pattern": "2:4"}})), (LayerPlace(-1, 5), LayerPlace(-1, 4), LayerPlace(-2, 5))
    )
    assert fixed.moved([-1, -1, -1], [0, 0, 0]).places[1] == LayerPlace(-1, 4)
    assert fixed.settings()["wide"].sparsity is None
