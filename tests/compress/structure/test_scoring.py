import pytest
import torch

from edgecompress.compress.structure.groups import trace
from edgecompress.compress.structure.scoring import parts, score
from edgecompress.errors import CheckError, InputError

from .conftest import recipe, sample


def test_rows_are_what_goes_with_a_channel(flattened):
    (group,) = trace(flattened, sample((1, 8, 8)), recipe()).groups.values()
    found = parts(group, dict(flattened.named_parameters()))
    assert [tuple(row.shape) for row in (*found.makes, *found.norms, *found.reads)] == [
        (8, 9),
        (8, 1),
        (8, 1),
        (8, 108),
    ]
    assert torch.equal(found.makes[0][3], flattened[0].weight[3].reshape(-1))
    # Row c of what the head reads: its weights of the 36 positions of channel c, for each of 3 classes.
    assert torch.equal(found.reads[0][3].reshape(36, 3), flattened[4].weight[:, 108:144].T)


def test_every_criterion_scores_every_group_and_changes_no_network(flattened):
    from edgecompress import methods
    from edgecompress.compress.structure.scoring import CRITERIA

    before = {name: tensor.clone() for name, tensor in flattened.train().state_dict().items()}
    found = trace(flattened, sample((1, 8, 8)), recipe()).groups
    batches = [(sample((1, 8, 8), 6), torch.arange(6) % 3)]
    for criterion in methods.choices(CRITERIA):
        (scores,) = score(flattened, found, criterion, batches, seed=1).values()
        assert scores.shape == (8,)
        assert scores.dtype == torch.float32
        assert float(scores.min()) >= 0
    assert flattened.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in flattened.state_dict().items())
    assert all(parameter.grad is None for parameter in flattened.parameters())


def test_wrong_names_and_wrong_numbers_are_said(flattened):
    found = trace(flattened, sample((1, 8, 8)), recipe()).groups
    with pytest.raises(InputError, match="unknown criteri"):
        score(flattened, found, "tailor", [], seed=1)
    with torch.no_grad():
        flattened[0].weight[0] = torch.inf
    with pytest.raises(CheckError, match="not finite"):
        score(flattened, found, "l2", [], seed=1)
