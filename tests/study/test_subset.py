import numpy as np

from edgecompress.study.stand_in import stand_in
from edgecompress.study.subset import subset


def test_samples_are_taken_from_the_whole_length_and_keep_their_classes():
    data = stand_in("uci-har")
    part = subset(data, train=8, judge=3)
    assert (len(part.train_x), len(part.validation_x), len(part.test_x)) == (8, 3, 3)
    rows = [0, 64, 128, 192, 256, 320, 384, 448]
    assert np.array_equal(part.train_x, data.train_x[rows])
    assert np.array_equal(part.train_y, data.train_y[rows])
    assert part.source == data.source


def test_what_is_not_cut_or_larger_than_there_is_stays_whole():
    data = stand_in("uci-har")
    assert subset(data, train=None, judge=None) == data
    assert len(subset(data, train=10**6, judge=None).train_x) == len(data.train_x)
