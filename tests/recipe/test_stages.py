import pytest

from edgecompress.errors import InputError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("prune.sparsity=1.5", "prune.sparsity: .*must be at most 1"),
        ("cluster.bits=0", "cluster.bits"),
        ("cluster.bits=2.5", "cluster.bits"),
        ("train.epochs=-1", "train.epochs"),
        ("prune.sparsity=nan", "prune.sparsity"),
        ("structure.rounds=2", "structure: set either latency or macs, a fraction of the dense network's"),
        ("structure={latency=0.3, macs=0.3}", "structure: set either latency or macs"),
        ("structure.latency=1.0", "structure.latency: must be below 1"),
        ("structure.runtime=tvm", "structure.runtime: .*given 'tvm'"),
        ("retrain.rewind=wieghts", "retrain.rewind: .*given 'wieghts'"),
        ("prune.steps=0", "prune.steps"),
        ("cluster.granularity=channel", "cluster.granularity: .*given 'channel'"),
        ("cluster.group_size=0", "cluster.group_size"),
        ("cluster.temperature=0", "cluster.temperature"),
        ("cluster.training=hard", "cluster.training: .*given 'hard'"),
    ],
)
def test_a_wrong_value_of_a_stage_is_one_line(load, change, message):
    with pytest.raises(InputError, match=message) as caught:
        load(change, before="seed = 1\n")
    assert "\n" not in str(caught.value)
