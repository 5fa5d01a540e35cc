from pathlib import Path

from edgecompress import methods
from edgecompress.report.bench import bench
from edgecompress.report.writers.terminal import terminal


def test_it_fits_80_columns_in_plain_text(record, manifest):
    text = terminal(bench(record, manifest), Path())
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_files_figures_stand_in_its_lines(record, manifest):
    lines = terminal(bench(record, manifest), Path()).splitlines()
    size, time = (line.split() for line in lines if line.startswith("model.onnx"))
    assert size == ["model.onnx*", "100,000", "40.0x", "92.50", "1.25", "80.0", "30.0"]
    assert time == ["model.onnx*", "40.0", "2.50", "5.00", "1.250", "(1.200-1.300)", "slower"]
    _, failed = (line.split() for line in lines if line.startswith("dense.tflite "))
    assert failed == ["dense.tflite", "-", "-", "-", "-", "failed"]


def test_it_ends_with_the_file_to_take_and_what_got_worse_before_what_got_better(record, manifest):
    text = " ".join(terminal(bench(record, manifest), Path()).split("* the file to take on ")[1].split())
    assert text.startswith(f"{manifest.target.title}: model.onnx. Worse than dense.onnx: model.onnx loads in 40.0 ms, ")
    assert text.endswith("Better: it is 40.0x smaller.")


def test_failures_cautions_and_the_paper_are_shown(record, manifest):
    text = " ".join(terminal(bench(record, manifest), Path()).split())
    for words in ("died of SIGSEGV", "! Not the board", "! Concern: swap", "< 0.5 %", "abstract only", "Device: local"):
        assert words in text


def test_words_of_a_runtime_are_printed_as_they_are(record, manifest):
    from edgecompress.bench.records import Failure

    odd = record.files["dense.tflite"].model_copy(
        update={"failures": [Failure(step="memory", message="[bold]no[/bold] :smile: [/]")]}
    )
    changed = record.model_copy(update={"files": {**record.files, "dense.tflite": odd}})
    assert "[bold]no[/bold] :smile: [/]" in terminal(bench(changed, manifest), Path())


def test_it_is_found_by_name():
    assert methods.find("edgecompress.report.writers", "terminal") is terminal
    assert methods.choices("edgecompress.report.writers") == ["csv", "html", "markdown", "terminal"]


def test_a_metric_of_one_s_own_heads_its_column(by_error, manifest):
    lines = terminal(bench(by_error, manifest), Path()).splitlines()
    head = next(line for line in lines if line.startswith("file")).split()
    size = next(line for line in lines if line.startswith("model.onnx")).split()
    assert head[:6] == ["file", "bytes", "smaller", "error", "worse", "by"]
    assert size[3:5] == ["0.75", "0.25"]
    assert "accuracy %" not in "\n".join(lines)
