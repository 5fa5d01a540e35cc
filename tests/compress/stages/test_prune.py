import pytest

from edgecompress.errors import InputError

from .conftest import run


def test_everything_pruned_is_said(network, context):
    with pytest.raises(InputError, match="layer_limit"):
        run(network, context(prune__sparsity=1.0))


def test_all_zeros_in_every_layer_is_what_was_asked_for(network, context):
    _, result = run(network, context(prune__scope="layer", prune__sparsity=1.0))
    assert [stage.sparsity for stage in result.stages[1:]] == [1.0, 1.0, 1.0]
    assert result.stages[-1].distinct_max == 1


def test_no_zeros_is_no_pruning(network, context):
    _, result = run(network, context(prune__sparsity=0.0))
    assert [stage.sparsity for stage in result.stages] == [0.0] * 4


def test_a_wrong_method_is_said_before_anything_is_trained(network, context):
    told = []
    with pytest.raises(InputError, match="unknown scope"):
        run(network, context(progress=lambda *said: told.append(said), prune__scope="everywhere"))
    assert told == []
