import torch

from edgecompress.compress.structure.groups import trace
from edgecompress.compress.structure.scoring import score

from ..conftest import IMAGE, recipe, sample, trained


def test_scores_are_drawn_from_the_seed_and_the_group_s_name():
    module, x = trained("alexnet", IMAGE), sample(IMAGE)
    found = trace(module, x, recipe()).groups
    first, again, other = (score(module, found, "random", [], seed=seed) for seed in (1, 1, 2))
    for name in found:
        assert torch.equal(first[name], again[name])
        assert not torch.equal(first[name], other[name])
        assert 0 <= float(first[name].min()) <= float(first[name].max()) < 1 / len(first[name])
