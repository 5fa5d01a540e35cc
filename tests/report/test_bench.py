from pathlib import Path

from edgecompress.report.bench import bench
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.html import html


def test_csv_has_these_columns_in_this_order_for_those_who_read_it_with_pandas(record, manifest):
    header = csv(bench(record, manifest), Path()).splitlines()[0]
    assert header == (
        "created,taken,device,is_target,target,model,data,weights_ratio,threads,mode,file,runtime,kind,bytes,"
        "times_smaller,runs,p50_ns,p90_ns,p99_ns,latency_ratio,latency_ratio_low,latency_ratio_high,instructions,"
        "instructions_ratio,verdict,load_ns,peak_bytes,peak_over_import_bytes,accuracy_percent,accuracy_samples,"
        "drop_points,largest_difference,metric,metric_value,metric_worse_by,energy_mj,failures,cautions,arena_bytes"
    )


def test_the_page_of_a_benchmark_says_what_the_terminal_says_and_marks_the_file(record, manifest):
    page = html(bench(record, manifest), Path())
    assert '<th scope="row">model.onnx (to take)</th>' in page
    for words in ("SIGSEGV", "Not the board", "Better: it is 40.0x smaller.", "1.250 (1.200-1.300)", "abstract only"):
        assert words in page
    assert "p99_ns" not in page
    assert ">taken</th>" not in page
    assert "<nav" not in page


def test_one_row_stands_out_and_is_the_one_to_take(record, manifest):
    table = bench(record, manifest).figures[0].table
    (marked,) = (row for row in table.rows if row.stands_out)
    file = next(place for place, column in enumerate(table.columns) if column.name == "file")
    assert marked.cells[file].text == "model.onnx"
    assert table.legend == f"the file to take on {manifest.target.title}: model.onnx."


def test_what_is_not_of_the_paper_is_not_held_against_it(record, manifest):
    data = manifest.data.model_copy(update={"name": "Digits"})
    of_paper, other = (bench(record, each) for each in (manifest, manifest.model_copy(update={"data": data})))
    assert [figure.key for figure in of_paper.figures] == ["files", "paper"]
    assert [figure.key for figure in other.figures] == ["files"]
    assert "Weights kept: one in 12.5, the ratio that papers state." in other.details
