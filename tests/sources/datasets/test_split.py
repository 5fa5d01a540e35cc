import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.sources.datasets._split import by_group, stratified

labels = st.lists(st.integers(0, 5), min_size=12, max_size=200).map(lambda values: np.array(values, dtype=np.int64))


@given(labels, st.sampled_from([0.1, 0.25, 0.5]))
def test_a_stratified_cut_takes_its_share_of_every_class_and_loses_nothing(y, fraction):
    rest, cut = stratified(y, fraction)
    assert np.array_equal(np.sort(np.concatenate([rest, cut])), np.arange(len(y)))
    for label in np.unique(y):
        members = int((y == label).sum())
        assert int((y[cut] == label).sum()) == max(1, round(fraction * members))


@given(labels)
def test_no_group_is_on_both_sides(groups):
    rest, cut = by_group(groups, 0.3)
    assert len(rest) + len(cut) == len(groups)
    assert len(cut)
    assert not set(groups[rest]) & set(groups[cut])


def test_the_cut_is_pinned_so_that_published_numbers_stay_comparable():
    assert stratified(np.arange(40) % 4, 0.2)[1].tolist() == [2, 4, 19, 21, 24, 31, 37, 38]
    assert by_group(np.arange(21), 0.1)[1].tolist() == [5, 7]
