from edgecompress.report.found import find
from edgecompress.report.sections.sustained import sustained

from .. import documents


def test_the_curve_with_temperature_and_clock(found):
    (figure,) = sustained(found).figures
    assert [chart.label.split(" over")[0] for chart in figure.charts] == [
        "median latency, ms",
        "90th percentile, ms",
        "hottest zone, degrees Celsius",
        "fastest core, MHz",
    ]
    assert "Raspberry Pi 4 Model B Rev 1.4" in figure.caption
    assert len(figure.table.rows) == 4 * 4
    third = [cell.value for cell in figure.table.rows[2].cells[1:]]
    assert third == [2.0, 4998, 1.2, 2.2, 3.0, 70.0, 1300.0]
    heat = figure.charts[2].draw(400)["data"]["values"]
    assert [(point["minute"], point["heat"]) for point in heat[:3]] == [(1, 50), (2, 60), (3, 70)]


def test_a_board_that_shows_no_temperature_has_no_empty_plot(tmp_path):
    document = documents.sustained()
    for file in document["files"].values():
        for window in file["latency"]["windows"]:
            window |= {"hottest": None, "clock_khz": None}
    (figure,) = sustained(find([documents.write(tmp_path, record=document)])).figures
    assert len(figure.charts) == 2


def test_short_runs_and_emulated_ones_have_none(tmp_path):
    assert sustained(find([documents.write(tmp_path / "short", record=documents.bench())])) is None
    emulated = documents.sustained() | {"taken": "emulated"}
    assert sustained(find([documents.write(tmp_path / "emulated", record=emulated)])) is None
