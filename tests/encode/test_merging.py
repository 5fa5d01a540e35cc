from functools import reduce
from operator import add

import numpy as np
import pytest

from edgecompress.encode import merging
from edgecompress.encode.member import Member
from edgecompress.encode.partition import gap_coder, value_coder
from edgecompress.encode.sums import GapSums, ValueSums
from edgecompress.encode.weights import Weights
from edgecompress.formats.onnx.compress import COSTS


def network(seed, count):
    """Tensors of very different sizes: unstructured, in blocks, or one of every N kept; skewed values."""
    random = np.random.default_rng(seed)
    rates, members = random.uniform(0.5, 0.99, 3), []
    for number in range(count):
        size = int(np.exp(random.uniform(np.log(200), np.log(1e5))))
        zeros = np.clip(random.choice(rates) + random.normal(0, 0.02), 0.3, 0.995)
        values = np.minimum(random.geometric(random.uniform(0.01, 0.5), size), random.choice([3, 8, 16, 64, 250]))
        kept = [
            random.random(size) >= zeros,
            np.repeat(random.random(size // 9 + 1) >= zeros, 9)[:size],
            np.arange(size) % int(1 / (1 - zeros)) == 0,
        ][random.choice(3, p=[0.5, 0.3, 0.2])]
        array = np.where(kept, values, 0).astype(np.float32)
        array[0] = 1
        members.append(Member.of(str(number), Weights(array), sparse=True))
    return members


def cheapest(sums, cost):
    """Of all partitions, by what is cheapest for each subset."""
    whole, costs, best = [None], [0], [0]
    for chosen in range(1, 1 << len(sums)):
        low = chosen & -chosen
        rest = chosen ^ low
        own = sums[low.bit_length() - 1]
        whole.append(whole[rest] + own if rest else own)
        costs.append(cost(whole[chosen]))
        some, ways = rest, []
        while True:
            ways.append(costs[some | low] + best[rest ^ some])
            if not some:
                break
            some = (some - 1) & rest
        best.append(min(ways))
    return best[-1]


def weighed(sums, cost):
    return sum(cost(reduce(add, [sums[number] for number in part])) for part in merging.partition(sums, cost))


@pytest.mark.parametrize("kind", ["gaps", "values"])
@pytest.mark.parametrize(("seed", "count"), [(78, 9), (94, 9), (201, 10)])
def test_it_is_as_good_as_any_partition(seed, count, kind):
    """More than eight, so that not all are tried; in the mode in which a part's cost is no sum over its members."""
    of, coder = {"gaps": (GapSums, gap_coder), "values": (ValueSums, value_coder)}[kind]
    sums = [of.of(each) for each in network(seed, count)]

    def cost(some):
        return coder(some, "smallest", COSTS)[1]

    assert weighed(sums, cost) <= 1.001 * cheapest(sums, cost)


def test_many_are_no_worse_than_all_alone_or_all_together_and_the_same_each_time():
    sums = [GapSums.of(each) for each in network(1, 60)]

    def cost(some):
        return gap_coder(some, "smallest", COSTS)[1]

    parts = merging.partition(sums, cost)
    assert sorted(number for part in parts for number in part) == list(range(60))
    assert weighed(sums, cost) <= min(sum(map(cost, sums)), cost(reduce(add, sums)))
    assert parts == merging.partition(sums, cost)


def test_twice_the_things_are_weighed_about_twice_as_often():
    asked = {}
    for count in (100, 400):
        sums = [GapSums.of(each) for each in network(2, 25)] * (count // 25)
        asked[count] = 0

        def cost(some, count=count):
            asked[count] += 1
            return gap_coder(some, "fast-load", COSTS)[1]

        merging.partition(sums, cost)
    assert asked[400] < 4.4 * asked[100]


def test_what_may_not_be_together_is_not():
    sums = [GapSums.of(each) for each in network(3, 40)]

    def cost(some):
        return None if some.members > 7 else gap_coder(some, "fast-load", COSTS)[1]

    parts = merging.partition(sums, cost)
    assert 6 <= len(parts) <= 12
    assert max(map(len, parts)) <= 7
