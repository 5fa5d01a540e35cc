import torch

from edgecompress.compress.stages.training import refresh_batches


def test_statistics_of_batchnorm_are_refreshed_on_the_same_inputs_every_time(context):
    one, two = (refresh_batches(context()) for _ in range(2))
    assert len(one) == len(two) > 0
    assert all(torch.equal(a, b) for a, b in zip(sum(one, ()), sum(two, ()), strict=True))
