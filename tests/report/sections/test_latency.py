from dataclasses import replace

import numpy as np
import pytest

from edgecompress.report.sections.latency import _figure, latency


@pytest.fixture
def figures(found):
    by_key = {figure.key: figure for figure in latency(found).figures}
    return {bench.source.path.stem: by_key[f"latency-{i}"] for i, bench in enumerate(found.benches)}


def test_a_curve_is_the_distribution_of_the_samples(found, figures):
    bench = next(bench for bench in found.benches if bench.source.path.stem == "record")
    points = figures["record"].charts[0].draw(700)["data"]["values"]
    for name, file in bench.record.files.items():
        samples = np.asarray(file.latency.samples_ns) / 1e6
        for point in (each for each in points if each["file"] == name):
            assert np.mean(samples <= point["ms"]) == pytest.approx(point["share"] / 100, abs=2 / len(samples) + 0.01)


def test_the_board_and_what_speaks_against_the_figures_are_said(figures):
    assert "measured on Intel(R) Xeon(R) Processor (not the bundle's board), 2 threads" in figures["record"].caption
    assert any("say nothing about that board" in note for note in figures["record"].warnings)
    assert any(line.startswith("Latency: mode quick") for line in figures["record"].details)


def test_an_emulated_machine_has_no_curve_and_no_times(figures):
    assert figures["emulated"].charts == ()
    assert {row.taken for row in figures["emulated"].table.rows} == {"emulated"}
    assert any("emulated, not measured on a device" in note for note in figures["emulated"].warnings)


def test_a_failure_is_said(figures):
    assert any(": load: =1+1" in note for note in figures["hostile"].warnings)


def test_a_metric_of_one_s_own_has_a_column_in_place_of_accuracy(found, by_error):
    bench = replace(found.benches[0], record=by_error)
    figure = _figure("latency-0", bench)
    assert figure.table.columns[-1].title == "error"
    assert {row.cells[0].text: row.cells[-1].text for row in figure.table.rows}["model.onnx"] == "0.75"
