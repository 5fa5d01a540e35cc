import pytest
import torch

from edgecompress.errors import InputError

from .conftest import run


def test_soft_training_ends_with_hard_centroids_and_moves_weights_between_them(network, context):
    _, hard = run(network, context())
    _, soft = run(network, context(cluster__training="soft", cluster__learning_rate=0.02))
    for name in ("0.weight", "4.weight"):
        values = [torch.unique(result.last[name]) for result in (hard, soft)]
        assert len(values[1]) == 9
        assert torch.equal(values[1], values[1].half().float())
        weights = [result.last[name] for result in (hard, soft)]
        ranks = [torch.searchsorted(own, weight) for own, weight in zip(values, weights, strict=True)]
        assert not torch.equal(*ranks), "trained one by one, some weights went over to another centroid"
    assert soft.stages[-1].details.training == "soft"


def test_a_rate_is_met_by_zeros_and_levels_alike(network, context):
    _, plain = run(network, context())
    for epochs in (0, 2):
        _, rated = run(network, context(cluster__rate=0.6, cluster__epochs=epochs, cluster__learning_rate=0.02))
        details = rated.stages[-1].details
        assert abs(details.rate - 0.6) < 0.02
        assert details.slope > 0
        assert rated.stages[-1].sparsity > plain.stages[-1].sparsity
        for name in ("0.weight", "4.weight"):
            assert bool((rated.last[name][rated.pruned[name] == 0] == 0).all())


def test_the_whole_model_shares_and_a_layer_stands_outside(network, context):
    _, result = run(network, context(cluster__granularity="model"))
    both = torch.cat([result.last[name].reshape(-1) for name in ("0.weight", "4.weight")])
    assert len(torch.unique(both)) == 9
    _, result = run(network, context(cluster__granularity="model", layers={"4": {"bits": 1}}))
    assert len(torch.unique(result.last["4.weight"])) == 3


def test_groups_that_no_palette_holds_are_refused_before_any_training(network, context):
    told = []
    groups = {"cluster__granularity": "channel-group", "cluster__group_size": 1, "cluster__bits": 6}
    with pytest.raises(InputError, match="palette"):
        run(network, context(progress=lambda *said: told.append(said), **groups))
    assert not told


@pytest.mark.parametrize("method", ["lloyd-random", "gaussian-mixture", "ward", "power-of-two"])
def test_every_method_goes_through_the_stages(network, context, method):
    _, result = run(network, context(cluster__method=method))
    assert result.stages[-1].distinct_max <= 9
    assert result.stages[-1].validation_accuracy > 85
    assert result.stages[-1].details.inertia > 0
