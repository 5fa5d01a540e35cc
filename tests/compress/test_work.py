import torch

from edgecompress.compress import work
from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.compress.context import state_of


def test_a_given_network_is_left_as_it_is(network, context, tmp_path):
    module, before = network(), state_of(network())
    assert work.given(module, context(), Checkpoint(tmp_path, "k")) == {"source": "checkpoint"}
    assert all(torch.equal(tensor, before[name]) for name, tensor in state_of(module).items())


def test_statistics_of_batchnorm_are_refreshed_on_the_same_inputs_every_time(context):
    one, two = (work._refresh_batches(context()) for _ in range(2))
    assert len(one) == len(two) > 0
    assert all(torch.equal(a, b) for a, b in zip(sum(one, ()), sum(two, ()), strict=True))
