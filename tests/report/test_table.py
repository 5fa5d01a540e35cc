from pathlib import Path

import pytest

from edgecompress.deploy.emulated.count import Instructions
from edgecompress.report import table
from edgecompress.report.bench import bench
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.markdown import markdown
from edgecompress.report.writers.terminal import terminal


def test_a_row_a_file_with_the_dense_file_before_what_is_compared_with_it(record):
    rows = table.rows(record)
    assert [row.file for row in rows] == ["dense.tflite", "dense.onnx", "model.onnx"]
    dense, model = rows[1:]
    assert (dense.smaller, dense.drop, dense.ratio) == (None, None, None)
    assert model.smaller == 40
    assert model.drop == pytest.approx(1.25)
    assert (model.p50, model.p90) == (2.5e6, 5e6)
    assert model.ratio.verdict == "slower"
    assert (model.load, model.peak, model.over_import) == (40_000_000, 80 * 2**20, 30 * 2**20)


def test_an_int8_file_is_held_against_the_dense_one_too(record, manifest):
    int8 = record.files["model.onnx"].model_copy(update={"kind": "int8", "bytes": 50_000})
    comparison = record.comparisons[0].model_copy(update={"compressed": "model-int8.onnx"})
    both = record.model_copy(
        update={
            "files": {**record.files, "model-int8.onnx": int8},
            "comparisons": [*record.comparisons, comparison],
        }
    )
    row = table.rows(both)[-1]
    assert (row.file, row.kind, row.smaller) == ("model-int8.onnx", "int8", 80)
    assert row.drop == pytest.approx(1.25)
    assert row.ratio.ratio == 1.25
    # The paper's own method has no int8: what stands beside its figures stays the compressed file.
    assert table.against_paper(both, manifest)[0][1][1] == "1.25 points (model.onnx)"


def test_what_was_not_measured_is_none_and_says_why(record):
    failed = table.rows(record)[0]
    assert (failed.p50, failed.load, failed.accuracy, failed.runs) == (None, None, None, None)
    assert table.failures(record) == [f"dense.tflite: {failed.failures[0]}"]
    assert "SIGSEGV" in failed.failures[0]


def test_an_emulated_machine_s_times_are_no_device_s_and_in_no_report(record, manifest):
    emulated = record.model_copy(update={"taken": "emulated"})
    for row, real in zip(table.rows(emulated), table.rows(record), strict=True):
        assert (row.runs, row.p50, row.p90, row.p99, row.ratio, row.load) == (None,) * 6
        assert (row.peak, row.accuracy, row.bytes) == (real.peak, real.accuracy, real.bytes)
        assert row.verdict == ("emulated" if real.p50 else "failed")
    for write in (terminal, markdown, csv):
        times = [
            time for time in (" 2.50 ", " 5.00 ", " 40.0 ", "2500000") if time in write(bench(record, manifest), Path())
        ]
        assert times
        assert all(time not in write(bench(emulated, manifest), Path()) for time in times)


def test_a_counted_record_has_instructions_and_no_table_of_times(record, manifest):
    def counted(name, executed):
        made = Instructions(
            per_inference=executed,
            spread=0.0001,
            executed=[executed],
            processor="cortex-a72",
            runtime="r",
            emulator="qemu",
        )
        return record.files[name].model_copy(update={"latency": None, "memory": None, "instructions": made})

    emulated = record.model_copy(
        update={
            "taken": "emulated",
            "comparisons": [],
            "device": record.device.model_copy(update={"address": "emulated:cortex-a72"}),
            "files": {
                **record.files,
                "dense.onnx": counted("dense.onnx", 8_000_000),
                "model.onnx": counted("model.onnx", 4_200_000),
            },
        }
    )
    dense, model = table.rows(emulated)[1:]
    assert (dense.instructions, dense.instructions_ratio) == (8_000_000, None)
    assert (model.instructions, model.instructions_ratio, model.verdict) == (4_200_000, 0.525, "emulated")
    for write in (terminal, markdown):
        said = " ".join(write(bench(emulated, manifest), Path()).split())
        assert "4,200,000" in said
        assert "0.525" in said
        assert "They are no time" in said
        assert "Latency: mode" not in said
    assert "p50 ms" not in terminal(bench(emulated, manifest), Path())
    assert "4200000,0.525," in csv(bench(emulated, manifest), Path())


def test_everything_a_reader_must_know_is_said(record):
    said = " ".join(table.cautions(record))
    for words in ("Not the board", "swap in use grew", "Not visible here: clock and governor"):
        assert words in said
    data = record.bundle.model_copy(update={"data_official": False, "data_note": "from a mirror"})
    other = record.model_copy(update={"taken": "emulated", "bundle": data})
    said = " ".join(table.cautions(other))
    assert "emulated, not measured" in said
    assert "from a mirror" in said
    calm = record.model_copy(
        update={
            "device": record.device.model_copy(update={"is_target": True}),
            "validity": record.validity.model_copy(update={"concerns": [], "unknown": []}),
        }
    )
    assert table.cautions(calm) == []


def test_the_conditions_say_how_it_was_measured(record):
    said = " ".join(table.conditions(record))
    for words in ("Some CPU", "x86_64", "onnxruntime 1.32.0", "Threads: 1 (given)", "mode quick", "2000 samples"):
        assert words in said


def test_the_papers_figures_stand_beside_the_same_quantities(record, manifest):
    rows, note = table.against_paper(record, manifest)
    assert rows == [
        ("weights / weights kept", "12.5x", "10x"),
        ("accuracy drop", "1.25 points (model.onnx)", "< 0.5 %"),
    ]
    assert "abstract only" in note
    of = {}
    for name in ("UCI-HAR", "Digits"):
        of[name] = manifest.model_copy(update={"data": manifest.data.model_copy(update={"name": name})})
    assert table.against_paper(record, of["UCI-HAR"])[0][1][2] == "about 5.0 %"
    assert table.against_paper(record, of["Digits"]) is None
    other = manifest.model_copy(update={"model": manifest.model.model_copy(update={"name": "mobilenet-v2"})})
    assert table.against_paper(record, other) is None


def test_a_disturbed_run_gives_no_verdict_and_names_no_fastest_file(record, manifest):
    noisy = record.validity.model_copy(update={"disturbed": ["swap in use grew by 5 MiB"]})
    disturbed = record.model_copy(update={"validity": noisy})
    verdicts = {row.file: row.verdict for row in table.rows(disturbed)}
    assert verdicts["model.onnx"] == "in doubt"
    assert verdicts["dense.tflite"] == "failed"
    lead = manifest.lead
    there = record.model_copy(update={"device": record.device.model_copy(update={"is_target": True})})
    assert lead is not None
    assert table.fastest(there, manifest) is not None or lead.file not in record.files
    assert table.fastest(there.model_copy(update={"validity": noisy}), manifest) is None


def test_a_metric_of_one_s_own_stands_in_place_of_accuracy(by_error):
    found = {row.file: row for row in table.rows(by_error)}
    assert (found["model.onnx"].value, found["model.onnx"].worse, found["model.onnx"].accuracy) == (0.75, 0.25, None)
    assert table.judged_columns(by_error, " pt") == ("error", "worse by")
    assert table.judged_cells(by_error, found["model.onnx"]) == ("0.75", "0.25")
    assert table.judged_cells(by_error, found["dense.onnx"]) == ("0.5", "-")
    said = next(line for line in table.conditions(by_error) if line.startswith("error: "))
    assert said.endswith("judged by your function on the host; lower is better.")


def test_where_nobody_said_which_way_is_worse_the_change_is_shown(by_error):
    files = {
        name: file.model_copy(update={"metric": file.metric and file.metric.model_copy(update={"better": None})})
        for name, file in by_error.files.items()
    }
    unsaid = by_error.model_copy(update={"files": files})
    assert table.judged_columns(unsaid, "") == ("error", "change")
    assert {row.file: row for row in table.rows(unsaid)}["model.onnx"].worse == 0.25
