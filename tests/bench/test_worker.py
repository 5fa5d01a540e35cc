import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from edgecompress.bench import run
from edgecompress.bench.accelerator import Accelerator
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.worker import WorkerJob, work
from edgecompress.errors import DeviceLostError
from edgecompress.workers import python


def job(folder, tmp_path, **more):
    given = {"mode": "quick", "threads": 1, "accelerator": Accelerator(), "profile": False, "allow_noisy": False}
    given["allowed_metric"] = None
    return WorkerJob(**{"folder": folder, "device": "local", "output": tmp_path / "r.json", **given, **more})


@pytest.fixture
def said():
    """What a worker says, as pairs of an event and the rest."""
    events = []

    def say(event, **more):
        events.append((event, more))

    say.events = events
    return say


def test_a_process_says_json_lines_alone_and_where_the_record_is(small_bundle, tmp_path):
    asked = job(small_bundle, tmp_path)
    done = subprocess.run(
        python("edgecompress.bench.worker", asked.to_json()), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(text) for text in done.stdout.splitlines()]
    assert {event["event"] for event in events} == {"progress", "record"}
    assert {"time", "memory", "latency onnxruntime"} <= {event.get("title") for event in events}
    (record,) = [event for event in events if event["event"] == "record"]
    assert BenchRecord.from_file(Path(record["path"])).threads == 1


def test_a_job_arrives_as_it_was_sent(tmp_path):
    """Whatever bytes the name of a folder has."""
    asked = job(tmp_path / os.fsdecode(b"b\xff"), tmp_path, accelerator=Accelerator(provider="cpu"), threads=None)
    asked = replace(asked, allowed_metric="0" * 64)
    assert asked.to_json().isascii()
    assert WorkerJob.from_json(asked.to_json()) == asked


def test_an_error_has_the_code_that_the_command_would_end_with(tmp_path, said):
    assert work(job(tmp_path, tmp_path), said) == 2
    ((event, more),) = said.events
    assert (event, more["code"]) == ("error", 2)
    assert "is not a bundle" in more["message"]


def test_what_fails_is_one_line_and_progress_is_paced(tmp_path, said, monkeypatch):
    def bench(_folder, *, progress, **_):
        for step in range(1, 101):
            progress("memory", step, 100)
        raise DeviceLostError("it is\ngone")

    monkeypatch.setattr(run, "bench", bench)
    assert work(job(tmp_path, tmp_path), said) == 4
    assert [more.get("done") for event, more in said.events if event == "progress"] == [1, 100]
    assert said.events[-1] == ("error", {"message": "it is gone", "code": 4})


def test_a_disturbed_run_is_an_error_with_a_record_unless_it_is_allowed(measured, tmp_path, said, monkeypatch):
    record, path, _ = measured
    noisy = record.validity.model_copy(update={"disturbed": ["other processes used 3 of 4 cores"]})
    disturbed = record.model_copy(update={"validity": noisy})
    monkeypatch.setattr(run, "bench", lambda *_, **__: (disturbed, path))
    asked = {"mode": "standard", "output": path}
    assert work(job(tmp_path, tmp_path, **asked), said) == 3
    assert said.events[0] == ("record", {"path": str(path)})
    assert said.events[1][1]["code"] == 3
    assert "3 of 4 cores" in said.events[1][1]["message"]
    assert work(job(tmp_path, tmp_path, allow_noisy=True, **asked), said) == 0


def test_a_defect_shows_itself(tmp_path, said, monkeypatch):
    def bench(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(run, "bench", bench)
    with pytest.raises(ZeroDivisionError):
        work(job(tmp_path, tmp_path), said)


def test_what_python_and_libraries_print_is_no_line_of_the_workers(tmp_path):
    """A stand-in for the benchmark prints, warns and has another program print."""
    code = """
import os, sys, warnings
from edgecompress.bench import run, worker

def bench(*_, **__):
    print("noise of Python")
    os.system("echo noise of a program")
    warnings.warn("watch\\nout")
    raise SystemExit(7)

run.bench = bench
sys.exit(worker.main(sys.argv[1]))
"""
    (tmp_path / "noisy.py").write_text(code)
    command = [python("x")[0], str(tmp_path / "noisy.py"), job(tmp_path, tmp_path).to_json()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [json.loads(text) for text in done.stdout.splitlines()] == [{"event": "warning", "message": "watch out"}]
    assert done.returncode == 7
    assert "noise of Python" in done.stderr
    assert "noise of a program" in done.stderr
