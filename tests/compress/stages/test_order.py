import pytest

from edgecompress.compress.stages.order import order
from edgecompress.compress.stages.train import Given, Train


@pytest.mark.parametrize(("trained", "first"), [(False, Train), (True, Given)])
def test_channels_go_before_weights_and_only_where_the_recipe_says(context, trained, first):
    plain = order(context().recipe, trained=trained)
    cut = order(context(structure={"macs": 0.5}).recipe, trained=trained)
    assert [stage.name for stage in plain] == ["train", "prune", "retrain", "cluster"]
    assert [stage.name for stage in cut] == ["train", "structure", "prune", "retrain", "cluster"]
    assert type(plain[0]) is type(cut[0]) is first
