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
    book = find_codebook(members, bits=2, method="kmeans", seed=1, dtype="float32")
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
    book = find_codebook(Members({"a": nn.Parameter(weight)}, 1), bits=2, method="kmeans", seed=1, dtype="float16")
    assert book.starts == [0, 1, 1, 2]


def test_the_seed_decides_where_a_method_is_random(sparse):
    members = Members({"a": nn.Parameter(sparse(40, 40))})
    first, same, other = (
        find_codebook(members, bits=4, method="lloyd-random", seed=seed, dtype="float32").centroids
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_weights_beyond_float16_are_named():
    members = Members({"a": nn.Parameter(torch.tensor([1.0, 1e6]))})
    with pytest.raises(CheckError, match=r"'a'.*float32"):
        find_codebook(members, bits=1, method="kmeans", seed=1, dtype="float16")
    find_codebook(members, bits=1, method="kmeans", seed=1, dtype="float32")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_stored_centroids_are_never_zero(dtype):
    values = stored(torch.tensor([0.0, -1e-12, 1e-12, 1 / 3]), dtype)
    assert int(torch.count_nonzero(values)) == 4
    assert values[1] < 0 < values[2]
    assert torch.equal(values, values.half().float()) == (dtype != "float32")


def test_int8_centroids_are_integers_up_to_64_times_the_smallest_power_of_two_that_reaches_the_largest(sparse):
    for scale in (1e-6, 0.003, 1.0, 700.0):
        values = torch.unique(sparse(40, 40)) * scale
        found = stored(values, "int8")
        mantissa, exponent = torch.frexp(found.abs().max())
        step = float(2.0 ** (exponent - 1)) / (64 if mantissa == 0.5 else 32)
        integers = found / step
        assert torch.equal(integers, integers.round()) and 33 <= integers.abs().max() <= 64
        assert torch.equal(found == 0, torch.zeros_like(found, dtype=torch.bool))
        rounded = values.abs() > step / 2
        assert torch.all((found - values)[rounded].abs() <= step / 2)
    assert stored(torch.tensor([64.4, 1.0]), "int8").tolist() == [64.0, 1.0]
    assert stored(torch.tensor([64.6, 1.0]), "int8").tolist() == [64.0, 2.0]
