import math

import pytest

from edgecompress.report.found import find
from edgecompress.report.sections.axes import axes

from .. import documents


def section(folder, cells):
    """Of these cells: each the settings and how many of 1000 samples are right, of 940 in the dense network."""
    written = {f"c{i}": documents.cell(correct=correct, **settings) for i, (settings, correct) in enumerate(cells)}
    return axes(find([documents.write(folder, **written)]))


def texts(figure):
    return [[cell.text for cell in row.cells] for row in figure.table.rows]


def test_zeros_are_lines_of_the_table_and_bits_its_columns(tmp_path):
    cells = [({"sparsity": s, "bits": b}, 940 - 10 * i - b) for i, s in enumerate((0.5, 0.9, 0.95)) for b in (2, 4)]
    (figure,) = section(tmp_path, cells[:-1]).figures
    assert figure.title == "alexnet, UCI-HAR: zeros and bits"
    assert [column.title for column in figure.table.columns[2:]] == ["2 bits, points lost", "4 bits, points lost"]
    assert texts(figure) == [
        ["50 %", "no", "0.20", "0.40"],
        ["90 %", "no", "1.20", "1.40"],
        ["95 %", "no", "2.20", "-"],
    ]
    (chart,) = figure.charts
    drawn = chart.draw(400)
    points = drawn["data"]["values"]
    assert drawn["layer"][1]["encoding"]["x"]["field"] == "zeros"
    assert [(point["zeros"], point["line"], round(point["drop"], 2)) for point in points] == [
        (50, "2 bits", 0.2), (50, "4 bits", 0.4), (90, "2 bits", 1.2), (90, "4 bits", 1.4), (95, "2 bits", 2.2),
    ]  # fmt: skip
    assert points[-1]["description"] == f"{figure.table.rows[2].key} 95 % zeros, 2 bits: 2.20 points lost"


def test_what_also_learns_from_the_baseline_is_drawn_beside_on_the_same_scale(tmp_path):
    cells = [({"sparsity": s, "distill": d}, 930 - i) for i, s in enumerate((0.5, 0.8, 0.9)) for d in (False, True)]
    (figure,) = section(tmp_path, cells).figures
    assert [row[:2] for row in texts(figure)] == [
        [rate, how] for how in ("no", "yes") for rate in ("50 %", "80 %", "90 %")
    ]
    plain, distilled = (chart.draw(400) for chart in figure.charts)
    assert {point["distilled"] for point in plain["data"]["values"]} == {"no"}
    assert {point["distilled"] for point in distilled["data"]["values"]} == {"yes"}
    assert plain["layer"][1]["encoding"]["y"]["title"] != distilled["layer"][1]["encoding"]["y"]["title"]
    assert plain["layer"][1]["encoding"]["y"]["scale"] == distilled["layer"][1]["encoding"]["y"]["scale"]


def test_of_one_sparsity_bits_are_the_axis(tmp_path):
    (figure,) = section(tmp_path, [({"bits": bits}, 900 + bits) for bits in (1, 2, 4)]).figures
    assert [column.title for column in figure.table.columns[2:4]] == ["1 bit, points lost", "2 bits, points lost"]
    drawn = figure.charts[0].draw(400)
    assert drawn["layer"][1]["encoding"]["x"]["field"] == "bits"
    assert [(point["bits"], point["line"]) for point in drawn["data"]["values"]] == [
        (1, "90 % zeros"), (2, "90 % zeros"), (4, "90 % zeros"),
    ]  # fmt: skip


def test_methods_are_compared_at_the_setting_that_most_have_and_the_least_lost_is_first(tmp_path):
    cells = [({"method": "ward"}, 930), ({"method": "kmeans"}, 935), ({"method": "uniform"}, 900)]
    cells += [({"method": "kmeans", "bits": 2}, 100), ({"method": "kmeans", "seed": 5}, 937)]
    (figure,) = section(tmp_path, cells).figures
    assert figure.title == "alexnet, UCI-HAR: clustering methods"
    assert [row[:3] for row in texts(figure)] == [
        ["kmeans", "2", "0.40 (0.30 to 0.50)"],
        ["ward", "1", "1.00"],
        ["uniform", "1", "4.00"],
    ]
    assert figure.caption.startswith("kmeans loses least, 3.60 points less than uniform. At 90 % zeros and 4 bits.")
    seeds, _ = figure.charts[0].draw(400)["layer"]
    assert (seeds["encoding"]["x"]["field"], seeds["encoding"]["x2"]["field"]) == ("least", "most")


def test_an_order_that_chance_can_make_is_none(tmp_path):
    cells = [({"method": "ward"}, 935), ({"method": "kmeans"}, 930), ({"method": "uniform"}, 932)]
    (figure,) = section(tmp_path, cells).figures
    assert [row[0] for row in texts(figure)] == ["kmeans", "uniform", "ward"]
    assert figure.caption.startswith(
        "No method is better than another beyond chance: they are at most 0.50 points apart."
    )


def test_what_chance_alone_can_do_is_said(tmp_path):
    (figure,) = section(tmp_path, [({"sparsity": s}, 900) for s in (0.5, 0.8, 0.9)]).figures
    assert figure.caption.startswith("From 50 % to 90 % zeros the mean loss goes from 4.00 to 4.00 points. ")
    apart = 100 * 1.96 * math.sqrt(2 * 0.9 * 0.1 / 1000)
    assert f"less than {apart:.1f} points apart" in figure.caption
    assert "1,000 test samples" in figure.caption


@pytest.mark.parametrize(
    "cells", [[{}], [{"sparsity": 0.5}, {"sparsity": 0.9}], [{"method": "ward"}, {"method": "kmeans"}]]
)
def test_too_few_values_are_no_curve(tmp_path, cells):
    assert section(tmp_path, [(settings, 900) for settings in cells]) is None


def test_other_budgets_and_networks_are_in_no_line_of_these(tmp_path):
    cells = {f"c{i}": documents.cell(sparsity=s) for i, s in enumerate((0.5, 0.8, 0.9))}
    cut = documents.cell(sparsity=0.95)
    cut["outcome"]["budget"]["training_samples"] = 50
    cells |= {"cut": cut, "other": documents.cell(sparsity=0.95, model="vgg16bn")}
    (figure,) = axes(find([documents.write(tmp_path, **cells)])).figures
    assert [row[0] for row in texts(figure)] == ["50 %", "80 %", "90 %"]
