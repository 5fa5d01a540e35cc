from edgecompress.report import cells


def test_what_was_not_measured_is_a_dash_and_no_zero():
    for make in (
        cells.words,
        cells.count,
        cells.time,
        cells.memory,
        cells.points,
        cells.part,
        cells.times,
        cells.number,
    ):
        assert (make(None).text, make(None).value) == ("-", None)
    assert cells.count(0).text == "0"
    assert cells.points(0.0).text == "0.00"


def test_units():
    assert cells.time(1_234_567.0).text == "1.23"
    assert cells.time(1_234_567.0).value == 1.234567
    assert cells.memory(3 * 2**20).value == 3
    assert cells.part(0.905).text == "90.5"
    assert cells.count(1234567).text == "1,234,567"
    assert cells.times(34.04).text == "34.0x"
    assert cells.number(1.0234, 3).text == "1.023"


def test_seeds_are_worth_their_mean():
    assert (cells.spread([1.0, 3.0]).value, cells.spread([1.0, 3.0]).text) == (2.0, "2.00 (1.00 to 3.00)")
