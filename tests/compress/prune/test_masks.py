import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune as torch_prune

from edgecompress.compress.prune import masks
from edgecompress.compress.prune.patterns import parse
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


@pytest.mark.parametrize("amount", [0.0, 0.25, 0.75, 1.0])
@pytest.mark.parametrize(("pattern", "dim"), [("1x12", 0), ("8x1", 1)])
def test_blocks_of_whole_channels_are_torch_s_structured_masks(amount, pattern, dim):
    layer = nn.Linear(12, 8)
    chosen = masks.choose({"a": layer.weight.detach().abs()}, amount, patterns={"a": parse(pattern)})
    torch_prune.ln_structured(layer, "weight", amount=amount, n=1, dim=dim)
    assert torch.equal(chosen["a"], layer.weight_mask.bool())


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["2x1", "1x2", "2x2", "unstructured"]),
    st.sampled_from(["global", "layer", "erk", "lamp"]),
    st.floats(0, 1),
    st.booleans(),
)
def test_the_count_of_blocks_is_exact(out, inputs, pattern, scope, sparsity, equal):
    values = torch.ones(2 * out, 2 * inputs, 3) if equal else torch.rand(2 * out, 2 * inputs, 3)
    shape = parse(pattern)
    chosen = masks.choose({"a": values}, sparsity, scope=scope, patterns={"a": shape})["a"]
    size = shape.out * shape.inputs
    assert int((~chosen).sum()) == size * round(sparsity * values.numel() / size)
    for x in range(0, 2 * out, shape.out):
        for y in range(0, 2 * inputs, shape.inputs):
            block = chosen[x : x + shape.out, y : y + shape.inputs].flatten(0, 1)
            assert bool((block == block[0]).all())


@given(st.integers(1, 3), st.integers(1, 3), st.sampled_from(["1:2", "2:4", "3:4", "1:8"]), st.booleans())
def test_every_group_of_m_keeps_n(out, groups, text, equal):
    pattern = parse(text)
    shape = (out, groups * pattern.group, 2, 1)
    values = torch.ones(shape) if equal else torch.rand(shape)
    chosen = masks.choose({"a": values}, pattern.sparsity, patterns={"a": pattern})["a"]
    kept = chosen.movedim(1, -1).reshape(-1, pattern.group).sum(1)
    assert bool((kept == pattern.kept).all())


def test_layers_of_one_pattern_share_among_themselves():
    given_scores = {"a": torch.rand(4, 4) + 100, "b": torch.rand(4, 4), "c": torch.rand(4, 4)}
    patterns = {"b": parse("2x2"), "c": parse("2x2")}
    chosen = masks.choose(given_scores, 0.5, patterns=patterns)
    assert int((~chosen["a"]).sum()) == 8
    assert int((~chosen["b"]).sum() + (~chosen["c"]).sum()) == 16


@pytest.mark.parametrize("scope", ["global", "layer", "erk", "lamp"])
def test_of_equal_weights_the_last_stay_and_nothing_and_everything_are_what_they_say(scope):
    given_scores = {"a": torch.ones(2, 5), "b": torch.ones(1, 1)}
    chosen = {rate: masks.choose(given_scores, rate, scope=scope, own={"b": 0.0}) for rate in (0.0, 0.4, 1.0)}
    assert bool(chosen[0.0]["a"].all())
    assert chosen[0.4]["a"].ravel().tolist() == [False] * 4 + [True] * 6
    assert not bool(chosen[1.0]["a"].any())
    assert all(bool(each["b"].all()) for each in chosen.values())


def test_the_choice_does_not_depend_on_how_a_weight_lies_in_memory():
    values = torch.rand(8, 4, 3, 3).mul(4).round()  # many ties
    lying = values.contiguous(memory_format=torch.channels_last)
    assert torch.equal(masks.choose({"a": values}, 0.6)["a"], masks.choose({"a": lying}, 0.6)["a"])


def test_many_weights_are_masked_as_torch_does_it():
    # More than are joined, so that the threshold is bracketed; torch sorts out the k lowest of all.
    torch.manual_seed(0)
    layers = [nn.Linear(600, 500), nn.Conv2d(64, 64, 3)]
    chosen = masks.choose({str(i): layer.weight.detach().abs() for i, layer in enumerate(layers)}, 0.9)
    amount = round(0.9 * sum(layer.weight.numel() for layer in layers))
    torch_prune.global_unstructured([(layer, "weight") for layer in layers], torch_prune.L1Unstructured, amount=amount)
    for i, layer in enumerate(layers):
        assert torch.equal(chosen[str(i)], layer.weight_mask.bool())


def test_infinite_scores_are_refused_too():
    with pytest.raises(InputError, match="'a'"):
        masks.choose({"a": torch.tensor([1.0, float("inf")])}, 0.5)
