import numpy as np
import pytest

from edgecompress.encode import huffman
from edgecompress.encode.member import Member
from edgecompress.encode.sums import GapSums, ValueSums, entropies, total
from edgecompress.encode.weights import Weights


def member(array, *, sparse=True):
    return Member.of("w", Weights(array), sparse=sparse)


def fields(sums):
    return {name: np.asarray(value).tolist() for name, value in vars(sums).items() if name != "kind"}


@pytest.mark.parametrize("kind", [GapSums, ValueSums])
def test_what_is_added_is_taken_away_again(kind, clustered):
    """And a member's own sums are those of the tensor: a stream of one is no special case."""
    members = [member(clustered(3000, 0.9, 7 + n, n)) for n in range(3)]
    each = [kind.of(one) for one in members]
    assert fields(total(each) - each[2]) == fields(each[0] + each[1])
    assert (total(each).count, total(each).size, total(each).members) == (sum(m.count for m in members), 9000, 3)


def test_the_width_is_that_of_the_largest_codebook_that_is_left(clustered):
    small, large = (ValueSums.of(member(clustered(4000, 0.5, values))) for values in (4, 60))
    assert [small.width, large.width, (small + large).width, (small + large - large).width] == [2, 6, 6, 2]


def test_entropy_is_what_no_code_takes_less_than():
    counts = np.random.default_rng(0).geometric(0.1, (5, 256)) - 1
    counts[3], counts[4, 1:] = 0, 0
    least = entropies(counts)
    coded = [huffman.bits(row) for row in counts]
    assert least[3] == least[4] == 0
    assert all(low <= found <= low + row.sum() for low, found, row in zip(least, coded, counts, strict=True))
    uniform = np.full((1, 256), 3)
    assert entropies(uniform)[0] == pytest.approx(8 * 768)


def test_what_is_alike_has_like_signatures(clustered):
    """Sparser tensors have larger ones; those of one kind, however large, nearly the same."""
    tens, twos = ([GapSums.of(member(clustered(size, zeros, 9))) for size in (900, 50_000)] for zeros in (0.9, 0.5))
    assert tens[0].signature == pytest.approx(tens[1].signature, abs=0.5)
    assert min(each.signature for each in tens) > 1.2 + max(each.signature for each in twos)
