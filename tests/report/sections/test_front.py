from dataclasses import replace

import pytest

from edgecompress.compress.drop import Drop
from edgecompress.manifest import FrontPoint
from edgecompress.report.found import FoundRecords
from edgecompress.report.sections.front import FrontMark, _leading, front


def point(size, accuracy, latency, taken="measured"):
    return FrontMark("a", "b", "c", size, accuracy, latency, taken, "record-0")


def test_without_latency_bytes_and_accuracy_decide():
    assert _leading([point(100, 90.0, None), point(50, 90.0, None), point(50, 80.0, 1.0)]) == [False, True, False]


def test_a_figure_for_each_data_set_and_machine(found):
    figures = {figure.title: figure for figure in front(found).figures}
    assert set(figures) >= {
        "Digits on Raspberry Pi 4 Model B Rev 1.4",
        "Digits on Intel(R) Xeon(R) Processor (not the bundle's board)",
        "UCI-HAR, study cells",
    }
    measured = figures["Digits on Raspberry Pi 4 Model B Rev 1.4"]
    assert [chart.label for chart in measured.charts] == [
        "Test accuracy against file size, bytes",
        "Test accuracy against p50, ms",
    ]


def test_the_emulated_are_apart_and_without_latency(found):
    (emulated,) = (figure for figure in front(found).figures if "emulated" in figure.caption)
    assert len(emulated.charts) == 1
    assert any("emulated, not measured on a device" in note for note in emulated.warnings)


def test_the_rates_that_a_build_tried_are_a_figure_with_their_drops(found):
    assert not [figure for figure in front(found).figures if "rates tried" in figure.title]
    source = next(each for each in found.sources if each.kind == "bundle")
    drops = (Drop(points=0.25, low=-0.5, high=1.0), Drop(points=2.0, low=1.0, high=3.0))
    tried = [
        FrontPoint(rate=rate, bytes=size, sparsity=0.9, validation_accuracy=accuracy, drop=drop)
        for rate, size, accuracy, drop in ((0.5, 4000, 97.0, drops[0]), (0.25, 2500, 95.25, drops[1]))
    ]
    changed = replace(source, record=source.record.model_copy(update={"front": tried}))
    others = tuple(each for each in found.sources if each is not source)
    (figure,) = (each for each in front(FoundRecords((changed, *others))).figures if "rates tried" in each.title)
    shown = [[cell.value for cell in row.cells] for row in figure.table.rows]
    assert [row[:3] for row in shown] == [["0.5 bits a weight", 4000, 97.0], ["0.25 bits a weight", 2500, 95.25]]
    assert [column.name for column in figure.table.columns][2] == "validation accuracy"
    assert [row.cells[3].text for row in figure.table.rows] == ["0.25 (-0.50 to 1.00)", "2.00 (1.00 to 3.00)"]
    assert [chart.label for chart in figure.charts] == ["Validation accuracy against file size, bytes"]


def test_figures_are_those_of_the_record(found):
    figure = next(figure for figure in front(found).figures if "Raspberry" in figure.title)
    bench = next(bench for bench in found.benches if bench.source.path.stem == "sustained")
    for row in figure.table.rows:
        name, size, accuracy, latency, _ = (cell.value for cell in row.cells)
        file = bench.record.files[name.rsplit(": ", 1)[1]]
        assert (size, accuracy) == (file.bytes, file.accuracy.percent)
        assert latency == pytest.approx(file.latency.summary.p50 / 1e6)


def test_an_axis_is_logarithmic_where_values_are_far_apart(found):
    size, latency = next(figure for figure in front(found).figures if "Raspberry" in figure.title).charts
    assert size.draw(400)["encoding"]["x"]["scale"]["type"] == "log"  # 10 MB beside 0.3 MB
    assert latency.draw(400)["encoding"]["x"]["scale"]["type"] == "linear"  # 0.303 to 0.318 ms
