import pytest

from edgecompress.compare.limits import parse
from edgecompress.errors import InputError


def test_the_example_of_the_issue():
    drop, p90, size = parse("acc_drop>0.5,p90>20ms,size>2MB")
    assert (drop.metric, drop.above, drop.bound, drop.growth) == ("acc_drop", True, 0.5, False)
    assert (p90.metric, p90.bound) == ("p90", 20e6)
    assert (size.metric, size.bound) == ("size", 2e6)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("p50>300us", 300e3),
        ("load > 1.5 s", 1.5e9),
        ("size>300kB", 300e3),
        ("size>300KiB", 307_200),
        ("peak>100MiB", 100 * 2**20),
        ("acc<98.5%", 98.5),
        ("acc<98.5pt", 98.5),
        ("acc_drop>1pt", 1.0),
        ("over_dense>1.05", 1.05),
        ("metric>0.5", 0.5),
        ("metric<-2.5", -2.5),
        ("metric>1e-6", 1e-6),
        ("metric_drop>0.01", 0.01),
        ("metric_drop>-1E-2", -0.01),
    ],
)
def test_units(text, bound):
    (limit,) = parse(text)
    assert limit.bound == bound
    assert limit.above == (">" in text)
    assert not limit.growth


def test_per_cent_of_a_time_or_a_size_is_growth():
    for text in ("p50>5%", "size>5%", "peak>5%"):
        (limit,) = parse(text)
        assert (limit.bound, limit.growth) == (5.0, True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "'' is no limit"),
        ("p90>20ms,", "'' is no limit"),
        ("p90>=20ms", "'p90>=20ms' is no limit"),
        ("p90=20ms", "is no limit"),
        ("p90>-1ms", "is no limit"),
        ("p90>1e3ms", "is no limit"),
        ("p90>20ms;size>1MB", "is no limit"),
        ("p90 20ms", "write METRIC>NUMBER"),
        ("p98>20ms", "unknown metric 'p98'; did you mean 'p9"),
        ("accuracy_drop>1", "unknown metric 'accuracy_drop'"),
        ("p90>20", "p90 needs a unit; choose from: ns, us, ms, s, %"),
        ("p90>20MB", "'MB' is no unit of p90"),
        ("p90>20MS", "'MS' is no unit of p90"),
        ("size>2", "size needs a unit; choose from: B, kB"),
        ("size>2mb", "'mb' is no unit of size"),
        ("acc<98", "acc needs a unit; choose from: %, pt"),
        ("acc_drop>1%", "'%' is no unit of acc_drop; choose from: no unit, pt"),
        ("over_dense>5%", "'%' is no unit of over_dense"),
        ("metric>5%", "'%' is no unit of metric; choose from: no unit"),
        ("metric_drop>1pt", "'pt' is no unit of metric_drop"),
        ("acc_drop>-1", "'acc_drop>-1' is no limit"),
        ("metric>.", "is no limit"),
    ],
)
def test_what_cannot_be_read_is_one_line(text, line):
    with pytest.raises(InputError) as caught:
        parse(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_value_that_is_equal_to_the_bound_is_within():
    above, below = parse("size>2MB,acc<98%")
    assert [above.broken_by(value) for value in (1_999_999.0, 2e6, 2_000_001.0)] == [False, False, True]
    assert [below.broken_by(value) for value in (97.9, 98.0, 98.1)] == [True, False, False]
