from itertools import combinations

import numpy as np
import pytest

from edgecompress.encode import group, partition, sizes
from edgecompress.encode.group import Coder
from edgecompress.encode.member import Member
from edgecompress.encode.partition import plan_gaps, plan_values, streams
from edgecompress.encode.weights import Weights

from .conftest import FREE, PAID


def member(array, name="w", *, sparse=True):
    return Member.of(name, Weights(array), sparse=sparse)


def total(planned):
    return sum(stream.cost for kind in planned for stream in kind)


@pytest.fixture
def pruned(clustered):
    """A function: a member with a fraction of zeros and some distinct values."""

    def make(sparsity, values=16, seed=0, count=20_000):
        return member(clustered(count, sparsity, values, seed), f"{sparsity} {values} {seed}")

    return make


@pytest.mark.parametrize("mode", ["fast-load", "smallest"])
def test_the_cheapest_coder_is_the_smallest_of_all_when_decoding_is_free(pruned, mode, gap_coder):
    """No coder of the mode takes fewer bytes than the chosen one, up to what is rounded in an estimate."""
    each = pruned(0.9)
    planned = plan_gaps([each], mode, FREE)
    if gap_coder.kind == "wavelet" and mode == "fast-load":
        assert planned.coder.kind != "wavelet"
        return

    def size(coder):
        filled = each.filled(coder.bits) if coder.kind == "wavelet" else each
        return sizes.size([group.Planned((filled,), coder, 0)], [])

    assert size(planned.coder) <= 1.01 * size(gap_coder)
    assert planned.cost == pytest.approx(size(planned.coder), rel=0.02)


@pytest.mark.parametrize(("sparsity", "k"), [(0.5, 0), (0.8, 2), (0.9, 3), (0.98, 5)])
def test_the_low_bits_of_rice_codes_follow_the_sparsity(pruned, sparsity, k):
    assert plan_gaps([pruned(sparsity)], "fast-load", FREE).coder == Coder("rice", k)


@pytest.mark.parametrize("of", [4, 8, 16])
def test_gaps_with_a_bound_take_escapes(of):
    """One weight of every N is kept: gaps are spread over 0 to 2N - 2."""
    array = np.zeros((5000, of), np.float32)
    array[np.arange(5000), np.random.default_rng(of).integers(0, of, 5000)] = 1
    width = (2 * of - 1).bit_length()
    assert plan_gaps([member(array)], "fast-load", FREE).coder == Coder("escape", width)


def test_whole_filters_that_are_pruned_take_a_wavelet():
    """Many small gaps and few very large ones fit neither a Rice code nor escapes."""
    generator = np.random.default_rng(0)
    array = (generator.random((512, 4608)) < 0.3).astype(np.float32)
    array[generator.random(512) < 0.9] = 0
    fast, small = (plan_gaps([member(array)], mode, FREE) for mode in ("fast-load", "smallest"))
    assert small.coder.kind == "wavelet"
    assert small.cost < 0.6 * fast.cost


def test_whole_bytes_where_the_operators_that_unpack_would_take_more(pruned):
    small, large = pruned(0.9, 16, count=2000), pruned(0.9, 16, count=200_000)
    assert plan_values([small], "fast-load", PAID).coder == Coder("packed", 8)
    assert plan_values([large], "fast-load", PAID).coder == Coder("packed", 4)


def test_skewed_indices_take_a_wavelet_where_it_may_be_and_where_it_pays(clustered):
    generator = np.random.default_rng(0)

    def skewed(sparsity, count=400_000):
        values = np.minimum(generator.geometric(0.4, count), 30).astype(np.float32)
        values[generator.random(count) < sparsity] = 0
        return member(values)

    assert plan_values([skewed(0.9)], "smallest", FREE).coder.kind == "wavelet"
    assert plan_values([skewed(0.9)], "fast-load", FREE).coder.kind == "packed"
    # Each of many stored elements would take too much memory while it is decoded.
    assert plan_values([skewed(1 - 1.1 * partition.MOST_STORED)], "smallest", FREE).coder.kind == "packed"
    # But for few of them.
    assert plan_values([skewed(0.3, count=40_000)], "smallest", FREE).coder.kind == "wavelet"
    # Equal counts: nothing to gain from a code, and its levels take time at load.
    even = np.zeros(40_000, np.float32)
    even[::10] = np.arange(4000) % 32 + 1
    assert plan_values([member(even)], "smallest", FREE).coder.kind == "packed"


@pytest.mark.parametrize("mode", ["fast-load", "smallest"])
def test_like_tensors_share_and_unlike_large_ones_do_not(clustered, mode):
    like = [member(clustered(20_000, 0.9, 16, seed), f"like {seed}") for seed in range(4)]
    dense = member(clustered(400_000, 0.3, 16), "dense")
    gaps, _ = streams([*like, dense], mode, PAID)
    assert sorted(sorted(each.name for each in stream.members) for stream in gaps) == [
        ["dense"],
        [f"like {n}" for n in range(4)],
    ]


def test_values_of_different_kinds_never_share(clustered):
    few = member(clustered(300, 0.5, 9), "few")
    half = member(np.append(np.zeros(300), np.arange(1, 300)).astype(np.float32), "half")
    assert plan_values([few, half], "smallest", FREE) is None
    gaps, values = streams([few, half], "fast-load", PAID)
    assert [len(stream.members) for stream in gaps] == [2]
    assert sorted(stream.coder.kind for stream in values) == ["float16", "packed"]


def test_tensors_that_overflow_the_running_sum_together_do_not_share(monkeypatch, pruned):
    members = [pruned(0.9, seed=seed) for seed in range(3)]
    monkeypatch.setattr(partition, "MOST_ELEMENTS", 45_000)
    gaps, _ = streams(members, "fast-load", PAID)
    assert sorted(len(stream.members) for stream in gaps) == [1, 2]


def test_merging_two_by_two_is_as_good_as_any_partition(pruned):
    members = [pruned(0.9), pruned(0.88, 14, 1), pruned(0.5, 32, 2), pruned(0.99, 3, 3), pruned(0.55, 250, 4)]

    def partitions(items):
        if not items:
            yield []
            return
        first, rest = items[0], items[1:]
        for size in range(len(rest) + 1):
            for chosen in combinations(rest, size):
                for others in partitions([each for each in rest if each not in chosen]):
                    yield [[first, *chosen], *others]

    planned = streams(members, "smallest", PAID)
    for found, plan in zip(planned, (plan_gaps, plan_values), strict=True):
        best = min(sum(plan(part, "smallest", PAID).cost for part in parts) for parts in partitions(members))
        assert sum(stream.cost for stream in found) <= 1.01 * best


def test_gaps_in_a_wavelet_bring_their_fillers_into_both_streams():
    generator = np.random.default_rng(0)
    array = np.zeros(1_000_000, np.float32)
    array[np.cumsum(generator.choice([3, 3, 3, 90, 20_000], 2000, p=[0.3, 0.3, 0.2, 0.19, 0.01]))] = 1
    gaps, values = streams([member(array)], "smallest", FREE)
    assert gaps[0].coder.kind == "wavelet"
    assert gaps[0].members[0].count == values[0].members[0].count > np.count_nonzero(array)


@pytest.mark.parametrize("mode", ["fast-load", "smallest"])
def test_the_same_members_give_the_same_streams(pruned, mode):
    def made():
        planned = streams([pruned(0.9), pruned(0.6, seed=1), pruned(0.95, 7, 2)], mode, PAID)
        return [[(s.coder, s.cost, [m.name for m in s.members]) for s in kind] for kind in planned]

    assert made() == made()
