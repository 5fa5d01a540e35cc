import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune as torch_prune

from edgecompress.compress.prune import masks
from edgecompress.errors import InputError


def scores(*shapes: tuple[int, ...], seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {f"layer{i}": torch.randn(shape, generator=generator).abs() for i, shape in enumerate(shapes)}


def zeros(chosen: masks.Masks) -> int:
    return sum(int((~mask).sum()) for mask in chosen.values())


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.9, 0.999, 1.0])
def test_global_masks_are_those_of_torch(sparsity):
    layers = [nn.Conv2d(3, 8, 3), nn.Linear(40, 10)]
    given_scores = {str(i): layer.weight.detach().abs() for i, layer in enumerate(layers)}
    chosen = masks.choose(given_scores, sparsity)
    amount = round(sparsity * sum(layer.weight.numel() for layer in layers))
    torch_prune.global_unstructured([(layer, "weight") for layer in layers], torch_prune.L1Unstructured, amount=amount)
    for i, layer in enumerate(layers):
        assert torch.equal(chosen[str(i)], layer.weight_mask.bool())


def test_layer_masks_are_those_of_torch():
    layer = nn.Linear(33, 17)
    chosen = masks.choose({"a": layer.weight.detach().abs()}, 0.75, scope="layer")
    torch_prune.l1_unstructured(layer, "weight", amount=0.75)
    assert torch.equal(chosen["a"], layer.weight_mask.bool())


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=60),
    st.floats(0, 1),
    st.sampled_from(["global", "layer"]),
)
def test_the_count_is_exact_even_where_many_scores_are_equal(values, sparsity, scope):
    chosen = masks.choose({"a": torch.tensor(values)}, sparsity, scope=scope)
    assert zeros(chosen) == round(sparsity * len(values))
    kept = [v for v, keep in zip(values, chosen["a"].tolist(), strict=True) if keep]
    dropped = [v for v, keep in zip(values, chosen["a"].tolist(), strict=True) if not keep]
    assert not kept or not dropped or min(kept) >= max(dropped)


def test_a_layer_with_its_own_sparsity_stands_outside_the_pool():
    given_scores = scores((50, 10), (40, 10))
    chosen = masks.choose(given_scores, 0.8, own={"layer0": 0.2})
    assert int((~chosen["layer0"]).sum()) == 100
    assert int((~chosen["layer1"]).sum()) == 320


def test_no_layer_is_cut_through_and_the_others_give_what_it_keeps():
    # Without a limit all of the small layer's weights would go.
    given_scores = {"small": torch.full((100,), 1e-6), "large": torch.rand(10_000) + 1}
    chosen = masks.choose(given_scores, 0.9, layer_limit=0.95)
    assert int((~chosen["small"]).sum()) == 95
    assert zeros(chosen) == round(0.9 * 10_100)


def test_what_the_limit_forbids_is_said():
    with pytest.raises(InputError, match="raise layer_limit"):
        masks.choose(scores((100,)), 0.99, layer_limit=0.9)


def test_nan_is_refused_by_the_layer_s_name():
    with pytest.raises(InputError, match="'b'"):
        masks.choose({"a": torch.ones(3), "b": torch.tensor([1.0, float("nan")])}, 0.5)


def test_masks_hold_zeros_and_count_them():
    weight = torch.tensor([0.0, 2.0, 0.0, -1.0])
    held = masks.of_zeros({"w": weight})
    moved = torch.ones(4)
    masks.apply({"w": moved}, held)
    assert moved.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert masks.sparsity({"w": weight}) == 0.5
    assert masks.sparsity({}) == 0.0
    assert masks.ratio({"w": weight}) == 2.0
    assert masks.ratio({}) == 1.0
    assert masks.ratio({"w": torch.zeros(5)}) == 5.0
    assert np.isclose(masks.sparsity({"w": weight, "v": torch.ones(4)}), 0.25)
