import pytest

from edgecompress.report.found import find
from edgecompress.report.sections.reproduction import DRAWN, reproduction

from .. import documents


@pytest.fixture
def figures(found):
    return {figure.key: figure for figure in reproduction(found).figures}


def cells_of(row, figure):
    return {column.group + column.title: cell for column, cell in zip(figure.table.columns, row.cells, strict=True)}


def test_paper_reproduced_and_device_stand_side_by_side(figures):
    figure = figures["pairs"]
    study, digits = (cells_of(row, figure) for row in figure.table.rows)
    assert digits["paperaverage drop"].text == "-"
    assert digits["on the devicedrop, points"].value == pytest.approx(100 / 359)
    assert study["paperaverage drop"].text == "about 5.0 %"
    assert study["reproduceddrop, points"].text == "3.00 (2.00 to 4.00)"
    assert study["deviation, points"].text == "-2.00"
    assert "rebuilt data" in study["what differs from the paper, or may"].text


def test_averages_over_a_kind_of_data(figures):
    (row,) = figures["averages"].table.rows
    values = cells_of(row, figures["averages"])
    assert values["data"].value == "temporal data (UCI-HAR)"
    assert (values["reproducednetworks"].value, values["reproducedaverage drop, points"].value) == (1, pytest.approx(3))


def test_an_average_that_hides_losses_behind_gains_says_so(tmp_path):
    def network(model, correct):
        return documents.cell(correct=correct, model=model, data="uci-har")

    lost = documents.write(tmp_path, one=network("alexnet", 900), two=network("vgg16bn", 920))
    assert not reproduction(find([lost])).figures[0].warnings
    documents.write(tmp_path, three=network("resnet18", 960))
    assert reproduction(find([lost])).figures[0].warnings == (
        "1 of 3 on temporal data (UCI-HAR) gained; the others lost 3.00 points on average.",
    )


def test_failed_cells_and_those_left_out_are_said(figures):
    assert figures["pairs"].warnings == (
        "Failed: alexnet-uci-har-90-kmeans-4bit-seed7: training diverged.",
        "Left out of study paper (budget 30 minutes): vgg16bn-uci-har-90-kmeans-4bit, seed 8.",
    )


def test_what_another_study_computed_is_not_left_out(tmp_path):
    def index(hour, *cells):
        entries = [{"file": None, "cell": each["cell"], "state": "left out", "error": None} for each in cells]
        taken = f"2026-01-01T{hour:02}:00:00+00:00"
        return documents.index() | {"cells": entries, "budget_minutes": None, "taken": taken}

    seeds = [documents.cell(seed) for seed in range(5)]
    documents.write(tmp_path / "cut", record=seeds[2], index=index(1, seeds[1]))
    documents.write(tmp_path / "long", record=seeds[0], index=index(2, *seeds[1:]))
    assert reproduction(find([tmp_path])).figures[-1].warnings == (
        "Left out of study paper: alexnet-uci-har-90-kmeans-4bit, seed 1.",
        "Left out of study paper: alexnet-uci-har-90-kmeans-4bit, seeds 3, 4.",
    )


def test_data_that_the_paper_does_not_have_are_compared_with_nothing(tmp_path):
    section = reproduction(find([documents.write(tmp_path, manifest=documents.manifest())]))
    assert [figure.key for figure in section.figures] == ["pairs"]


def test_a_whole_grid_is_a_table_and_only_its_headline_a_plot(tmp_path):
    cells = {}
    for i in range(DRAWN + 1):
        document = documents.cell(sparsity=0.9 + i / 1000)
        document["outcome"]["weights_kept"] = 1000 - i
        cells[f"cell{i}"] = document
    figure = reproduction(find([documents.write(tmp_path, **cells)])).figures[-1]
    assert len(figure.table.rows) == DRAWN + 1
    marks = figure.charts[0].draw(400)["data"]["values"]
    assert {mark["pair"] for mark in marks} == {"alexnet, UCI-HAR, 90 % pruned, kmeans, 4 bits"}
