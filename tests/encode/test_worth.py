import numpy as np
import pytest

from edgecompress.encode.member import Member
from edgecompress.encode.weights import Weights
from edgecompress.encode.worth import worthwhile

from .conftest import PAID


def made(clustered, sizes):
    return [Member.of(f"{size} {n}", Weights(clustered(size, 0.9, 9, n)), sparse=True) for n, size in enumerate(sizes)]


def kept(members, mode="fast-load", plain=None):
    plain = plain or {each.name: each.weights.array.nbytes for each in members}
    gaps, values = worthwhile(members, plain, mode, PAID)
    names = [{each.name for planned in kind for each in planned.members} for kind in (gaps, values)]
    assert names[0] == names[1]
    return names[0]


@pytest.mark.parametrize("mode", ["fast-load", "smallest"])
def test_small_ones_stay_outside_and_large_ones_pay(clustered, mode):
    members = made(clustered, [20, 20_000, 30, 9000, 15])
    assert kept(members, mode) == {"20000 1", "9000 3"}


def test_what_decodes_is_paid_by_many_and_not_by_one(clustered):
    assert kept(made(clustered, [120])) == set()
    assert len(kept(made(clustered, [120] * 40))) == 40


def test_nothing_is_left_where_all_is_cheaper_alone(clustered):
    members = made(clustered, [3000, 4000])
    assert kept(members, plain=dict.fromkeys([each.name for each in members], 5)) == set()


def test_two_thousand_tensors_leave_one_by_one():
    """Each leaves its stream without a walk over the others."""
    array = np.zeros(24, np.float32)
    array[::6] = [1, 2, 3, 4]
    members = [Member.of(str(n), Weights(array), sparse=True) for n in range(2000)]
    assert kept(members) == set()
