import pytest

from edgecompress.errors import InputError

from .conftest import equal, run


def test_given_weights_are_the_baseline_as_they_are(network, context):
    given = {name: tensor.clone() for name, tensor in network().state_dict().items()}
    _, result = run(network, context(), trained=True)
    assert equal(result.dense, given)
    assert result.stages[0].epochs == 0


def test_weights_of_an_early_epoch_are_not_to_be_had_of_a_given_network(network, context):
    with pytest.raises(InputError, match="needs the weights of an early epoch"):
        run(network, context(retrain__rewind="weights"), trained=True)
    _, result = run(network, context(retrain__rewind="weights"))
    assert result.early.keys() == network().state_dict().keys()
