"""``--format`` of every command that has it: Markdown that parses, CSV with stable columns, HTML; no more on stdout.

What is trained or measured for minutes is stood in for, at the library's function, by records that are there.
"""

import csv
import io
import json
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from typer.main import get_command
from typer.testing import CliRunner

from edgecompress.bench.records import BenchRecord
from edgecompress.cli import app
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.report.writers.csv import FIELDS
from edgecompress.search.objectives import FrontRecord, SearchPoint
from edgecompress.search.records import SearchRecord
from edgecompress.study.records import CellRecord, StudyIndex
from edgecompress.workflows.search import SearchResult

from ..report import documents
from ..report.test_advice import found as advice_found

GOLDEN = Path(__file__).parents[1] / "golden"
OLD = GOLDEN / "bench-1.json"
BUILD = (
    "file runtime kind bytes times_smaller entropy_bytes container_bytes accuracy_percent accuracy_samples "
    "proof_samples largest_difference agreement_percent identical_weights latency_ratio latency_ratio_low "
    "latency_ratio_high"
)
BENCH = (
    "created taken device is_target target model data weights_ratio threads mode file runtime kind bytes times_smaller "
    "runs p50_ns p90_ns p99_ns latency_ratio latency_ratio_low latency_ratio_high instructions instructions_ratio "
    "verdict load_ns peak_bytes peak_over_import_bytes accuracy_percent accuracy_samples drop_points "
    "largest_difference metric metric_value metric_worse_by energy_mj failures cautions arena_bytes"
)
SEVERAL = "device file p50_ns p90_ns latency_ratio verdict load_ns peak_bytes accuracy_percent"
ADVISE = (
    "effect change runtime file bytes times_smaller latency_ratio latency_ratio_low latency_ratio_high "
    "instructions_ratio peak_ratio"
)
STUDY = (
    "model_data zeros_percent method bits distilled seed baseline_percent control_percent pruned_percent "
    "clustered_percent drop_points weights_ratio onnx_ratio container_ratio"
)
COMPARE = "file metric unit a b difference ratio ratio_low ratio_high verdict"
INSPECT = "tensor shape type zeros_percent values encoding bytes bits_per_weight entropy_bytes bound_ratio"
PACK = "file bytes source source_bytes times_smaller entropy_bytes bound_ratio copied proof container_bytes"
STAND_INS = {
    "build": (["build", "--target", "rpi4"], BUILD),
    "run": (["run", "alexnet", "--target", "rpi4"], BUILD),
    "bench": (["bench", "bundle"], BENCH),
    "bench of several": (["bench", "bundle", "--device", "kitchen,desk"], SEVERAL),
    "search": (["search"], " ".join(FIELDS)),
    "study paper": (["study", "paper", "--output", "records"], STUDY),
    "advise": (["advise", "alexnet", "--target", "rpi4"], ADVISE),
}
REAL = {
    "targets": (["targets"], "target board cores memory_mib runtimes transport"),
    "targets of one": (["targets", "rpi4"], "field value"),
    "doctor": (["doctor"], "state subject found mend"),
    "devices add": (["devices", "add", "here", "local"], "state subject found mend"),
    "devices list": (["devices", "list"], "name address target runtimes"),
    "devices show": (["devices", "show", "kitchen"], "field value"),
    "records list": (["records", "list", "--store", "kept.sqlite"], "id kind created model data device target taken"),
    "compare": (["compare", str(OLD), str(OLD)], COMPARE),
    "inspect": (["inspect", str(GOLDEN / "onnx" / "rice3-packed5.onnx"), "--no-memory"], INSPECT),
    "pack": (["pack", str(GOLDEN / "litert_torch.tflite"), "-o", "small.tflite"], PACK),
    "unpack": (["unpack", str(GOLDEN / "arrays.ecz"), "--force"], "file bytes"),
}
COMMANDS = STAND_INS | REAL


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to run commands in, with a registered device and a store of one record."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def stand_ins(monkeypatch, tmp_path):
    """The library's long functions give records that are there."""
    from edgecompress import bundle
    from edgecompress.bench import run, several
    from edgecompress.library import advising, bundles, running, searching, studying

    manifest = Manifest.from_file(documents.REAL / "manifest.json")
    record = BenchRecord.from_file(documents.REAL / "record.json")
    made = bundles.Bundle(Path("bundle"), manifest)
    ran = running.RunResult(made, record, Path("page.html"), "")
    outcomes = [several.DeviceOutcome(name, record, Path(f"{name}.json"), "", 0) for name in ("kitchen", "desk")]
    index = StudyIndex.model_validate(documents.index())
    cells = [CellRecord.model_validate(each) for each in (documents.cell(), documents.failed_cell())]

    def search(*_, on_record, **__):
        found = SearchRecord.model_validate(documents.search())
        on_record(found)
        point = SearchPoint(
            recipe="front/0.toml", macs=1, trial=1, bytes=30_500, accuracy=98.7, drop=0.3, latency=1, holds=True
        )
        front = FrontRecord(
            tool_version="0", model="alexnet", data="Digits", dense_accuracy=99.0, points=(point,), chosen=0
        )
        return SearchResult(Path("found"), "digits", [found], front, (made.path, manifest))

    monkeypatch.setattr(bundles, "build", lambda *_, **__: made)
    monkeypatch.setattr(running, "run", lambda *_, **__: ran)
    monkeypatch.setattr(run, "bench", lambda *_, **__: (record, Path("record.json")))
    monkeypatch.setattr(several, "bench_all", lambda *_, **__: outcomes)
    monkeypatch.setattr(bundle, "load", lambda _: manifest)
    monkeypatch.setattr(bundle, "manifest_of", lambda _: manifest)
    monkeypatch.setattr(searching, "search", search)
    monkeypatch.setattr(studying, "study", lambda *_, **__: (index, cells))
    monkeypatch.setattr(advising, "advise", lambda *_, **__: advice_found())


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)


def printed(name, format_, request):
    """What a command prints on standard output in a format."""
    if name in STAND_INS:
        request.getfixturevalue("stand_ins")
    if name.startswith("devices"):
        assert run("devices", "add", "kitchen", "ssh://pi@192.0.2.7", "--no-connect").exit_code == 0
    if name == "records list":
        assert run("records", "import", OLD, "--store", "kept.sqlite").exit_code == 0
    done = run(*COMMANDS[name][0], "--format", format_)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_markdown_is_a_title_and_tables_that_parse(name, folder, request):
    text = printed(name, "markdown", request)
    assert text.startswith("#")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = [token.type for token in tokens]
    assert "table_open" in kinds
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert kinds.count("tr_open") + kinds.count("table_open") == len(rows), "each line with a border is of a table"
    for above, below in pairwise(text.splitlines()):
        if above.startswith("|") and below.startswith("|"):
            assert above.replace(r"\|", "").count("|") == below.replace(r"\|", "").count("|")


@pytest.mark.parametrize("name", COMMANDS)
def test_csv_has_stable_columns_and_nothing_beside(name, folder, request):
    header, *lines = csv.reader(io.StringIO(printed(name, "csv", request)), strict=True)
    assert header == COMMANDS[name][1].split()
    assert lines
    assert {len(line) for line in lines} == {len(header)}


class Tables(HTMLParser):
    """The cells of each row of a page's tables. An element that is closed and not open is an error."""

    VOID = ("meta", "link", "br", "img", "input", "hr", "path", "rect", "circle", "line", "use")

    def __init__(self, text):
        super().__init__()
        self.rows, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("name", COMMANDS)
def test_html_is_one_page_with_tables(name, folder, request):
    pytest.importorskip("jinja2", reason="the extra 'report'")
    text = printed(name, "html", request)
    assert text.startswith("<!doctype html>")
    page = Tables(text)
    assert page.open == []
    assert len(page.rows) > 1


def test_every_command_that_has_the_option_is_here():
    """But for ``report``, whose formats have tests of their own."""

    def having(command, path=()):
        for name, each in getattr(command, "commands", {}).items():
            yield from having(each, (*path, name))
        if any("--format" in parameter.opts for parameter in command.params):
            yield " ".join(path)

    assert set(having(get_command(app))) - {"report"} == {name.partition(" of ")[0] for name in COMMANDS}


@pytest.mark.parametrize("arguments", [["targets"], ["unpack", "x.ecz"], ["build", "--target", "rpi4"]])
def test_an_unknown_format_is_refused_before_any_work(folder, arguments):
    with pytest.raises(InputError, match="'pdf'; choose from: csv, html, markdown, terminal"):
        run(*arguments, "--format", "pdf")


def test_json_stays_the_record_itself(folder, stand_ins):
    found = json.loads(run("build", "--target", "rpi4", "--json").stdout)
    assert Manifest.model_validate(found) == Manifest.from_file(documents.REAL / "manifest.json")
