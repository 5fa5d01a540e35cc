from pathlib import Path

from edgecompress.report.study import study
from edgecompress.report.writers.terminal import terminal
from edgecompress.study.records import IndexEntry, StudyIndex

from ..study.conftest import make_cell, make_record


def test_a_row_a_cell_then_what_failed_and_what_was_left_out():
    done, failed = make_cell(), make_cell(data="cifar-10")
    left = [make_cell(seed=seed) for seed in range(2, 10)]
    records = [make_record(done), make_record(failed, state="failed", error="no [data] here", outcome=None)]
    entries = [
        IndexEntry(file="a", cell=done, state="done"),
        IndexEntry(file="b", cell=failed, state="failed", error="no [data] here"),
        *(IndexEntry(file=None, cell=cell, state="left out") for cell in left),
    ]
    index = StudyIndex(
        tool_version="0", study="paper", cells=tuple(entries), budget_minutes=5, taken="2026-01-01T00:00:00+00:00"
    )
    said = terminal(study(index, records), Path())
    (row,) = (line for line in said.splitlines() if line.startswith("alexnet, UCI-HAR"))
    assert " ".join(row.split()[2:]) == "90 kmeans 4 no 1 90.00 89.50 89.00 88.50 +1.50 10.0x 13.3x 15.4x"
    assert f"failed: {failed.name}: no [data] here" in said
    assert "left out in 5 minutes, 8 of 10 cells: " in said.replace("\n", " ")
    assert left[4].name in said
    assert left[5].name not in said
    assert "and 3 more" in said.replace("\n", " ")
