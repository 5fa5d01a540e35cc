import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.compress.cluster.codebook import find_codebook, stored
from edgecompress.compress.cluster.members import Members
from edgecompress.errors import CheckError


def test_every_group_has_its_own_centroids_and_each_member_the_nearest_of_them(sparse):
    weight = sparse(6, 5, 3, 3)
    members = Members({"a": nn.Parameter(weight)}, group_size=2)
    book = find_codebook(members, bits=2, method="kmeans", seed=1, half=False)
    assert book.starts == [0, 4, 8, 12]
    inertia = 0.0
    for group, own in zip(members.groups, book.groups, strict=True):
        values, centroids = members.values()[group].numpy(), book.centroids[own].numpy()
        distances = np.abs(values[:, None] - centroids)
        assert np.array_equal(book.indices[group].numpy() - own.start, distances.argmin(1))
        inertia += (distances.min(1) ** 2).sum()
    assert book.inertia == pytest.approx(inertia, rel=1e-5)


def test_an_empty_group_has_no_centroids():
    weight = torch.ones(3, 4)
    weight[1] = 0
    book = find_codebook(Members({"a": nn.Parameter(weight)}, 1), bits=2, method="kmeans", seed=1, half=True)
    assert book.starts == [0, 1, 1, 2]


def test_the_seed_decides_where_a_method_is_random(sparse):
    members = Members({"a": nn.Parameter(sparse(40, 40))})
    first, same, other = (
        find_codebook(members, bits=4, method="lloyd-random", seed=seed, half=False).centroids for seed in (1, 1, 2)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_weights_beyond_float16_are_named():
    members = Members({"a": nn.Parameter(torch.tensor([1.0, 1e6]))})
    with pytest.raises(CheckError, match=r"'a'.*float32"):
        find_codebook(members, bits=1, method="kmeans", seed=1, half=True)
    find_codebook(members, bits=1, method="kmeans", seed=1, half=False)


@pytest.mark.parametrize("half", [True, False])
def test_stored_centroids_are_never_zero(half):
    values = stored(torch.tensor([0.0, -1e-12, 1e-12, 1 / 3]), half=half)
    assert int(torch.count_nonzero(values)) == 4
    assert values[1] < 0 < values[2]
    assert torch.equal(values, values.half().float()) == half
