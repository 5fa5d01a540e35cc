import pytest
from torch import nn

from edgecompress.compress.reconstruct.check import check
from edgecompress.errors import InputError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prune__criterion": "taylor"}, "prune.criterion 'taylor' needs training"),
        ({"retrain__rewind": "rate"}, "retrain.rewind 'rate' needs training"),
        ({"distill": {}}, "distill needs training"),
        ({"structure": {"macs": 0.5}}, "structure needs training"),
        ({"cluster__training": "soft"}, "cluster.training 'soft' needs training"),
        ({"cluster__rate": 0.5}, "cluster.rate needs training"),
        ({"cluster__granularity": "model"}, "granularity 'model' is not possible"),
        ({"layers": {"4": {"granularity": "model"}}}, "granularity 'model' is not possible"),
        ({"reconstruct": {"inputs": "synthetic"}, "export": {"int8": True}}, "set export.int8 = false"),
    ],
    ids=str,
)
def test_what_needs_training_or_data_is_said_with_what_to_do(network, context, changes, message):
    with pytest.raises(InputError, match=message) as caught:
        check(network(), context(**{"reconstruct": {}, **changes}).recipe)
    assert "\n" not in str(caught.value)


def test_a_network_without_batchnorm_has_no_synthetic_inputs(network, context):
    check(network(), context(reconstruct={"inputs": "synthetic"}).recipe)
    with pytest.raises(InputError, match="this network has none"):
        check(nn.Linear(2, 2), context(reconstruct={"inputs": "synthetic"}).recipe)


def test_everything_is_possible_where_stages_train(network, context):
    check(network(), context(prune__criterion="taylor", cluster__training="soft", distill={}).recipe)
