from itertools import pairwise

import vl_convert

from edgecompress.report import cells, charts
from edgecompress.report.document import Row

ROW = Row("sizes-0", (cells.words("a"),), "measured", ())


def test_a_chart_is_as_wide_as_it_is_told_with_its_axes():
    spec = charts.chart(
        400,
        100,
        [{"x": 1, "y": "a rather long name of a file"}],
        mark="bar",
        encoding={"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "nominal"}},
    )
    svg = vl_convert.vegalite_to_svg(spec)
    assert 'width="400"' in svg
    assert "var(--" in svg


def test_a_name_stands_once_above_what_it_names():
    values = [{"file": "one", "n": i, "part": str(i)} for i in range(3)] + [{"file": "two", "n": 1, "part": "0"}]
    bars = {
        "mark": "bar",
        "encoding": {
            "x": {"field": "n", "type": "quantitative"},
            "y": {"field": "file", "type": "nominal", "axis": None},
            "color": {"field": "part", "type": "nominal"},
        },
    }
    svg = vl_convert.vegalite_to_svg(charts.chart(400, 100, values, layer=[bars, charts.above("file")]))
    assert (svg.count(">one<"), svg.count(">two<")) == (1, 1)


def test_a_mark_says_its_row_first():
    assert charts.description(ROW, "a: 5 bytes") == "sizes-0 a: 5 bytes"


def test_of_many_marks_those_that_lead_are_kept_and_of_the_others_some_of_each_part():
    marks = [{"n": i} for i in range(1000)]
    few = charts.few(marks, 10, lambda mark: mark["n"] in (1, 998))
    assert [mark["n"] for mark in few] == sorted(mark["n"] for mark in few)
    assert len(few) == 10
    assert {1, 998} <= {mark["n"] for mark in few}
    assert max(b["n"] - a["n"] for a, b in pairwise(few)) < 300
    assert charts.few(marks, 1000, lambda mark: False) == marks
    assert [mark["n"] for mark in charts.few(marks, 4, lambda mark: True)] == [0, 250, 500, 750]
