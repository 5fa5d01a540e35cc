from pathlib import Path

import pytest

from edgecompress.bench.accelerator import Accelerator
from edgecompress.bench.energy import Energy
from edgecompress.bench.operators import OperatorTime, Profile
from edgecompress.report.bench import bench
from edgecompress.report.extras import TOP, extras
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.markdown import markdown
from edgecompress.report.writers.terminal import terminal

WRITERS = [terminal, markdown]


def texts(extra):
    return [[cell.text for cell in row] for row in extra.rows]


def changed(record, **files):
    found = {name: file.model_copy(update=files.get(name.replace(".", "_"), {})) for name, file in record.files.items()}
    return record.model_copy(update={"files": found})


@pytest.fixture
def timed_alone(record):
    """As LiteRT's operators are: each by itself."""
    node = OperatorTime(
        name="stem", op_type="PAD + CONV_2D", provider="XNNPACK", calls=100, mean_us=50.0, p50_us=41.0, share=0.62
    )
    alone = Profile(runs=100, run_p50_us=210.0, nodes=[node], note=None, method="operators alone", together=1.254)
    return changed(record, dense_tflite={"profile": alone})


@pytest.fixture
def profiled(record):
    nodes = [
        OperatorTime(
            name=f"conv{i}",
            op_type="Conv",
            provider="CUDAExecutionProvider",
            calls=100,
            mean_us=50.0,
            p50_us=40.0 + i,
            share=0.3 / 2**i,
        )
        for i in range(TOP + 3)
    ]
    none = Profile(runs=0, run_p50_us=None, nodes=[], note="not offered by this runtime: no profiler")
    return changed(
        record,
        model_onnx={"profile": Profile(runs=100, run_p50_us=345.0, nodes=nodes, note=None)},
        dense_tflite={"profile": none},
    )


@pytest.fixture
def powered(record):
    energy = Energy(
        sensor="ina3221",
        rails=["VDD_IN"],
        idle_watts=3.0,
        watts=5.5,
        idle_seconds=10.0,
        seconds=10.0,
        runs=2000,
        readings=200,
        millijoules=12.5,
        millijoules_with_idle=27.5,
        note=None,
    )
    still = energy.model_copy(update={"millijoules": None, "millijoules_with_idle": None, "note": "it stood still"})
    return changed(record, model_onnx={"energy": energy}, dense_onnx={"energy": still})


def test_a_record_without_any_has_none(record):
    assert extras(record) == []


@pytest.mark.parametrize("write", WRITERS)
def test_the_slowest_operators_are_a_short_table(profiled, manifest, write):
    text = write(bench(profiled, manifest), Path())
    cells = ["conv1", "Conv", "CUDA", "100", "41.0", "15.0"]
    (line,) = [line for line in text.splitlines() if "conv1" in line]
    assert [cell for cell in line.replace("|", " ").split() if cell in cells] == cells
    assert f"conv{TOP - 1}" in text
    assert f"conv{TOP}" not in text
    said = " ".join(text.split())
    assert "A whole run there, median: model.onnx 345 us" in said
    assert "Operators of dense.tflite: not offered by this runtime" in said


@pytest.mark.parametrize("write", WRITERS)
def test_operators_that_ran_alone_are_told_with_what_they_come_to(timed_alone, manifest, write):
    said = " ".join(write(bench(timed_alone, manifest), Path()).replace("|", " ").replace("\\", "").split())
    assert "dense.tflite stem PAD + CONV_2D XNNPACK 100 41.0 62.0" in said
    assert "dense.tflite 210 us (its operators alone: 1.25 times that)" in said
    assert "onnxruntime's own profiler" not in said


@pytest.mark.parametrize("write", WRITERS)
def test_energy_is_told_with_its_sensor_and_what_was_subtracted(powered, manifest, write):
    text = write(bench(powered, manifest), Path())
    said = " ".join(text.replace("|", " ").replace("\\", "").split())
    assert "model.onnx 12.5 27.5 5.50 3.00" in said
    assert "ina3221 (VDD_IN)" in said
    assert "Energy of dense.onnx: it stood still" in said


def test_energy_is_a_column_of_the_csv(powered, manifest):
    header, *lines = (line.split(",") for line in csv(bench(powered, manifest), Path()).splitlines())
    column, file = header.index("energy_mj"), header.index("file")
    assert {line[file]: line[column] for line in lines} == {"dense.onnx": "", "model.onnx": "12.5", "dense.tflite": ""}


def test_nothing_of_an_emulated_machines_speed_is_shown(profiled, powered):
    for record in (profiled, powered):
        emulated = record.model_copy(update={"taken": "emulated"})
        assert all(not extra.rows for extra in extras(emulated))


def test_who_runs_the_nodes_is_told_where_it_was_asked_for(record):
    latency = record.files["model.onnx"].latency
    placement = {"CUDAExecutionProvider": 11, "CPUExecutionProvider": 3}
    placed = changed(record, model_onnx={"latency": latency.model_copy(update={"placement": placement})})
    assert extras(placed) == []
    (extra,) = extras(placed.model_copy(update={"accelerator": Accelerator(provider="cuda")}))
    assert texts(extra) == [["model.onnx", "CUDAExecutionProvider 11, CPUExecutionProvider 3"]]


def test_a_metric_beside_accuracy_has_a_table_of_its_own(record, by_error):
    both = changed(
        record,
        **{name.replace(".", "_"): {"metric": file.metric} for name, file in by_error.files.items() if file.metric},
    )
    (extra,) = extras(both)
    assert [column.name for column in extra.columns] == ["file", "error", "beside dense"]
    assert ["model.onnx", "0.75", "0.25"] in texts(extra)
    assert extras(by_error) == [], "where there is no accuracy it stands in the first table"
