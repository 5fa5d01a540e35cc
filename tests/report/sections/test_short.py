import json
from hashlib import sha256

import pytest

from edgecompress.report.found import find
from edgecompress.report.pairs import pairs
from edgecompress.report.sections.short import LEAST_SPAN, short

from .. import documents


def answers(section):
    return {row.cells[0].text: (row.cells[1].text, row.cells[2].text) for row in section.figures[0].table.rows}


def test_three_questions_are_answered_by_the_records_at_hand(found):
    section = short(found)
    said = answers(section)
    every = [pair for pair in pairs(found) if pair.onnx]
    ratios = sorted(pair.onnx[0] / pair.onnx[1] for pair in every)
    assert said["Is it smaller?"][0].endswith("x")
    assert said["Is it smaller?"][0].startswith(f"{ratios[0]:.3g}")
    assert said["Is it as good?"][0].endswith(" points")
    answer, beside = said["What does it do on a board?"]
    assert answer.endswith("x") and beside.endswith("on Raspberry Pi 4 Model B Rev 1.4")
    assert "the paper: about 5.0 % on temporal data" in said["And at the paper's ratio?"][1]
    assert section.figures[0].table.large
    assert all(row.records for figure in section.figures for row in figure.table.rows)


def test_each_network_is_a_line_from_its_dense_file_to_the_compressed_one(found):
    figure = short(found).figures[1]
    spec = figure.charts[0].draw(700)
    marks = spec["data"]["values"]
    assert [mark["description"].split()[0] for mark in marks] == [row.key for row in figure.table.rows]
    assert all(mark["dense"] > mark["compressed"] for mark in marks)
    seeds = next(mark for mark in marks if mark["data"] == "UCI-HAR")
    assert seeds["most"] - seeds["least"] == pytest.approx(2)  # drops of 2 to 4 points
    smaller = [row.cells[3].value for row in figure.table.rows]
    assert smaller == sorted(smaller, reverse=True)  # the best results first
    assert " lose at most one point" in figure.caption


def test_one_sample_is_no_cliff_and_what_was_not_measured_is_said(tmp_path):
    section = short(find([documents.write(tmp_path, manifest=documents.manifest())]))
    low, high = section.figures[1].charts[0].draw(700)["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert high == 100 or high - low >= LEAST_SPAN
    assert answers(section)["What does it do on a board?"] == (
        "not measured",
        "edgecompress bench BUNDLE --device NAME measures it",
    )


def test_a_board_that_was_measured_is_the_answer_and_a_pc_that_built_for_itself_is_none(tmp_path):
    def on(target, is_target):
        manifest, record = documents.manifest(), documents.bench()
        manifest["target"]["name"] = target
        record["bundle"] |= {"target": target, "manifest_sha256": sha256(json.dumps(manifest).encode()).hexdigest()}
        record["device"]["is_target"] = is_target
        place = documents.write(tmp_path / f"{target}-{is_target}", manifest=manifest, record=record)
        return answers(short(find([place])))["What does it do on a board?"]

    assert on("rpi4", True)[0].endswith("x")
    assert on("rpi4", True)[1].startswith("the dense file's time, 1 of 1, on ")
    for elsewhere in (on("rpi4", False), on("host", True)):
        assert elsewhere[0] == "not measured"
        assert "; on no board: " in elsewhere[1] and "x the dense file's time, 1 of 1, on " in elsewhere[1]


def test_records_without_accuracies_have_none(tmp_path):
    assert short(find([documents.write(tmp_path, record=documents.bench())])) is None
