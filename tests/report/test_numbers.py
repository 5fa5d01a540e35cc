import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.compress.record import TOP_1
from edgecompress.report.numbers import mebibytes, milliseconds, of_metric, percent, significant, spread, unit_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.08214, "0.0821"),
        (1.234, "1.23"),
        (9.996, "10.0"),
        (99.96, "100"),
        (123.4, "123"),
        (12_345, "12,300"),
        (1, "1.00"),
        (0, "0"),
        (-2.345, "-2.35"),
        (0.000012345, "0.0000123"),
    ],
)
def test_three_significant_digits(value, text):
    assert significant(value) == text


@given(st.floats(1e-6, 1e9))
def test_what_is_printed_is_the_value_to_half_a_unit_of_the_third_digit(value):
    assert float(significant(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


def test_units_and_dashes():
    assert milliseconds(1_500_000) == "1.50"
    assert mebibytes(3 * 2**20) == "3.00"
    assert percent(94.986) == "94.99"
    assert [milliseconds(None), mebibytes(None), percent(None)] == ["-"] * 3


def test_a_metric_of_one_s_own_has_five_digits_and_its_name_for_a_unit():
    assert (of_metric(0.0123456, "mae"), unit_of("mae")) == ("0.012346", "mae")
    assert (of_metric(94.986, TOP_1), unit_of(TOP_1)) == ("94.99", "points")
    assert of_metric(None, "mae") == "-"


def test_seeds_are_a_mean_with_its_range_and_one_seed_has_none():
    assert spread([0.5, -0.25, 1.25]) == "0.50 (-0.25 to 1.25)"
    assert spread([0.5]) == "0.50"
    assert spread([38.46, 38.54], 1) == "38.5 (38.5 to 38.5)"
