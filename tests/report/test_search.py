import csv as standard_csv
import io
from pathlib import Path

from edgecompress import recipe
from edgecompress.report.search import search
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.terminal import terminal
from edgecompress.search.objectives import BoardLatency, FrontRecord, SearchPoint
from edgecompress.search.records import Candidate, SearchRecord, Sensitivity, Setting, Trial


def record(**changes):
    layers = {"conv1": Setting(sparsity=0.5, bits=4), "head": Setting(sparsity=0.91, bits=3)}
    trials = [
        Trial(number=0, origin="start", parameters={}, layers=layers, bytes=12_345, drop=0.25),
        Trial(number=1, origin="sampled", parameters={}, layers=layers, bytes=2_345, drop=7.5),
    ]
    scan = [
        Sensitivity(layer="conv1", weights=1936, change="sparsity", value=0.5, accuracy=91.25, loss_rise=0.1),
        Sensitivity(layer="conv1", weights=1936, change="bits", value=2, accuracy=81.75, loss_rise=0.2),
        Sensitivity(layer="head", weights=640, change="sparsity", value=0.5, accuracy=71.5, loss_rise=0.3),
    ]
    full = [
        Candidate(trial=None, bytes=20_000, accuracy=96, drop=1.5, holds=False),
        Candidate(trial=0, bytes=12_340, accuracy=97, drop=0.5, holds=True),
    ]
    document = {
        "tool_version": "0", "model": "alexnet", "data": "Digits", "recipe": recipe.load("alexnet"), "max_drop": 0.5,
        "size_budget": None, "dense_accuracy": 97.5, "sensitivities": scan, "trials": trials, "front": [1, 0],
        "candidates": full, "chosen": 1,
    }  # fmt: skip
    return SearchRecord(**{**document, **changes})


def test_the_scan_and_the_front_with_what_was_chosen():
    lines = terminal(search([record()]), Path()).splitlines()
    (conv,) = (line.split() for line in lines if line.startswith("conv1"))
    (head,) = (line.split() for line in lines if line.startswith("head"))
    assert conv == ["conv1", "1,936", "91.2", "81.8"]
    assert head == ["head", "640", "71.5", "-"]
    rows = {line.split()[0]: line.split() for line in lines if line[:1] in ("0", "1", "r")}
    assert rows["recipe"] == ["recipe", "20,000", "1.50", "does", "not", "hold"]
    assert rows["1"] == ["1", "50", "91", "4", "3", "2,345", "7.50"]
    assert rows["0"] == ["0", "50", "91", "4", "3", "12,345", "0.25", "12,340", "0.50", "chosen"]
    assert "Dense: 97.50 %" in "\n".join(lines)


def test_a_metric_of_one_s_own_is_in_its_units_and_names_itself():
    own = record(metric="mae", better="lower", dense_accuracy=0.0123456)
    said = " ".join(terminal(search([own]), Path()).split())
    assert "Dense: 0.012346 mae (lower is better) of the validation split." in said
    assert "mae of validation samples, one layer changed" in said
    assert "the front: validation drop in mae" in said
    assert "accuracy" not in said and "points" not in said


def test_a_search_that_found_nothing_has_tables_too():
    nothing = record(chosen=None, candidates=record().candidates[:1], front=[])
    assert "chosen" not in terminal(search([nothing]), Path())


def test_the_front_with_what_boards_measured():
    board = BoardLatency(
        device="kitchen",
        runtime="onnxruntime",
        p50_ns=2_500_000,
        ratio=0.61,
        taken="measured",
        record="front/0/bench/x.json",
    )
    small = SearchPoint(
        recipe="front/0.toml",
        macs=0.5,
        trial=3,
        bytes=800,
        accuracy=96.5,
        drop=1.0,
        latency=0.62,
        holds=False,
        boards=(board,),
    )
    large = small.model_copy(
        update={
            "recipe": "front/1.toml",
            "macs": 1.0,
            "bytes": 1234,
            "drop": 0.25,
            "latency": 1.0,
            "holds": True,
            "boards": (),
        }
    )
    found = FrontRecord(tool_version="0", model="m", data="d", dense_accuracy=97.5, points=(small, large), chosen=1)
    document = search((), found)
    lines = [line.split() for line in terminal(document, Path()).splitlines()]
    assert "800 1.00 50 0.62x 2.50 front/0.toml does not hold".split() in lines  # noqa: SIM905
    assert "1,234 0.25 100 1.00x - front/1.toml chosen".split() in lines  # noqa: SIM905
    values = list(standard_csv.DictReader(io.StringIO(csv(document, Path()))))
    assert {each["value"] for each in values if each["row"] == "front/0.toml" and each["unit"] == "ms"} == {"2.5"}
    assert {each["value"] for each in values if each["quantity"] == "bytes"} == {"800", "1234"}
