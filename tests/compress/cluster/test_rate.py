import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import nn

from edgecompress.compress.cluster import rate
from edgecompress.compress.cluster.rate import RateConstrained
from edgecompress.compress.cluster.rated import LEVEL_BITS
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

STAGE = {"epochs": 1, "learning_rate": 0.1}


def recipe(layers=None, **cluster) -> Recipe:
    return Recipe.model_validate(
        {
            "train": STAGE,
            "prune": {**STAGE, "sparsity": 0.5},
            "retrain": STAGE,
            "cluster": {"epochs": 1, "bits": 3, **cluster},
            "layers": layers or {},
        }
    )


@pytest.fixture
def weights(sparse) -> dict[str, nn.Parameter]:
    return {"a": nn.Parameter(sparse(60, 50)), "b": nn.Parameter(100 * sparse(40, 30, seed=2))}


def measured(weights) -> float:
    """Bits a weight of an ideal code of order 0, by SciPy, and 16 for each level."""
    bits = 0.0
    for weight in weights.values():
        values, counts = np.unique(weight.detach().numpy(), return_counts=True)
        bits += weight.numel() * entropy(counts, base=2) + LEVEL_BITS * (values != 0).sum()
    return bits / sum(weight.numel() for weight in weights.values())


def even(weights) -> dict[str, torch.Tensor]:
    return {name: torch.full_like(w, 1.0 / float(w.detach().square().mean())) for name, w in weights.items()}


@pytest.mark.parametrize("wanted", [1.0, 0.6, 0.2])
def test_a_rate_is_met_at_once_where_nothing_is_trained(weights, wanted):
    zeros = {name: weight == 0 for name, weight in weights.items()}
    hook = RateConstrained(weights, even(weights), recipe(rate=wanted))
    assert measured(weights) == pytest.approx(wanted, rel=0.02)
    assert hook.rate == pytest.approx(measured(weights), rel=1e-6)
    assert all(bool((weight[zeros[name]] == 0).all()) for name, weight in weights.items())


def test_less_error_than_pruning_and_clustering_one_after_the_other_at_the_same_rate(weights):
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    importance = even(weights)
    RateConstrained(weights, importance, recipe(rate=0.7))

    def error() -> float:
        return sum(float((importance[n] * (weights[n].detach() - before[n]) ** 2).sum()) for n in weights)

    ours, reached = error(), measured(weights)
    # Magnitude pruning to each number of zeros, k-means of the rest: the best of them at no lower a rate.
    from sklearn.cluster import KMeans

    best = np.inf
    for bits in (1, 2, 3):
        for keep in np.linspace(0.02, 1.0, 25):
            for name, weight in weights.items():
                flat = before[name].reshape(-1)
                kept = torch.argsort(flat.abs(), descending=True)[: max(9, int(keep * (flat != 0).sum()))]
                fitted = KMeans(2**bits, n_init=1, random_state=0).fit(flat[kept, None].numpy())
                new = torch.zeros_like(flat)
                new[kept] = torch.from_numpy(fitted.cluster_centers_[fitted.labels_, 0].astype(np.float32))
                weight.data = new.reshape(weight.shape)
            if measured(weights) <= reached:
                best = min(best, error())
    assert ours < 0.95 * best


def test_a_layer_of_which_nothing_was_pruned_stays_dense():
    generator = torch.Generator().manual_seed(4)
    dense = {"a": nn.Parameter(torch.randn(100, 100, generator=generator))}
    RateConstrained(dense, even(dense), recipe(rate=0.5))
    assert measured(dense) == pytest.approx(0.5, rel=0.02)
    assert bool(dense["a"].all())


@pytest.mark.parametrize("scale", [1.0, 1e-12])
def test_a_rate_that_cannot_be_had_is_said_and_the_layer_is_as_small_as_it_gets(scale):
    dense = {"a": nn.Parameter(torch.randn(30, 30, generator=torch.Generator().manual_seed(4)))}
    importance = {name: scale * each for name, each in even(dense).items()}
    hook = RateConstrained(dense, importance, recipe(rate=0.001))
    assert len(torch.unique(dense["a"])) == 1 and bool(dense["a"].all())
    assert hook.rate == pytest.approx(LEVEL_BITS / 900)
    assert "cannot take less than 0.0178 bits" in hook.details["left_alone"]
    assert "left_alone" not in RateConstrained(dense, importance, recipe(rate=2.0)).details


def test_bits_go_where_they_matter(weights):
    importance = even(weights)
    RateConstrained(weights, {**importance, "b": 100 * importance["b"]}, recipe(rate=0.6))
    kept = {name: float((weight != 0).float().mean()) for name, weight in weights.items()}
    assert kept["b"] > 1.5 * kept["a"]


def test_a_rate_above_what_the_levels_need_changes_nothing_but_values(weights):
    zeros = {name: weight == 0 for name, weight in weights.items()}
    RateConstrained(weights, even(weights), recipe(rate=9.0))
    assert all(torch.equal(weight == 0, zeros[name]) for name, weight in weights.items())


def test_the_rate_falls_while_it_trains_and_then_levels_stay_with_their_weights(weights):
    hook = RateConstrained(weights, even(weights), recipe(rate=0.5), steps_per_epoch=20)
    total, rates, labels = 40, [], []
    for step in range(total):
        hook.after_step(step + 1, total)
        rates.append(hook.rate)
        labels.append(torch.cat([layer.labels for layer in hook.layers]).clone())
    hook.finish()
    assert measured(weights) == pytest.approx(0.5, rel=0.02)
    assert rates == sorted(rates, reverse=True) or max(np.diff(rates)) < 0.02
    assert rates[10] > 0.7
    end = round(rate.RAMP * total)
    assert all(torch.equal(each, labels[-1]) for each in labels[end - 1 :])


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (recipe(rate=0.5, granularity="model"), 'granularity = "layer", not "model"'),
        (recipe({"a": {"granularity": "channel-group"}}, rate=0.5), 'not "channel-group"'),
        (recipe(rate=0.5, training="soft"), "leave out cluster.training"),
    ],
)
def test_what_a_rate_is_not_possible_with_is_said(asked, line):
    with pytest.raises(InputError, match=line):
        rate.check(asked)
    rate.check(recipe(granularity="model", training="soft"))
