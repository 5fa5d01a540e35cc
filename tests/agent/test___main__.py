import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import edgecompress.agent
from edgecompress.deploy.agent_zip import agent_zip

SOURCES = sorted(Path(edgecompress.agent.__file__).parent.rglob("*.py"))


def test_the_agent_is_written_in_python_3_9():
    newer = []
    for path in SOURCES:
        try:
            ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
        except SyntaxError as error:
            newer.append(f"{path}:{error.lineno}: {error.msg}")
    assert newer == []


def test_zipped_and_isolated_it_imports_nothing_of_the_package(agent, file, data, tmp_path):
    (tmp_path / "agent.pyz").write_bytes(agent_zip())
    command = (sys.executable, "-I", "-X", "importtime", str(tmp_path / "agent.pyz"))
    job = {**file, "eval": str(data), "threads": 1}
    code, events, stderr = agent("accuracy", job, command)
    assert (code, events[-1]["event"]) == (0, "accuracy")
    imported = {line.rsplit("|", 1)[-1].strip() for line in stderr.splitlines() if line.startswith("import time:")}
    assert "edgecompress_agent.engines" in imported  # what a step imports; the step itself is looked up by its name
    assert not {name for name in imported if name == "edgecompress" or name.startswith("edgecompress.")}


@pytest.mark.parametrize(
    ("step", "job", "line"),
    [
        ("dance", {}, "usage: agent STEP JOB.json"),
        ("accuracy", {}, "'file' is missing"),
        ("accuracy", {"file": "absent.onnx"}, "which is not a file"),
        ("conditions", {"rot": "/"}, "unknown key 'rot'"),
        ("conditions", [1], "must be a JSON object"),
    ],
)
def test_a_wrong_job_is_one_error_event_and_exit_code_2(agent, step, job, line):
    code, events, stderr = agent(step, job)
    assert code == 2
    (event,) = events
    assert (event["event"], stderr) == ("error", "")
    assert line in event["message"]


def test_a_refused_file_is_an_error_event_and_exit_code_3(agent, tmp_path, data):
    for name in ("broken.onnx", "broken.tflite"):
        (tmp_path / name).write_bytes(b"\0" * 400)
        code, events, _ = agent("accuracy", {"file": str(tmp_path / name), "eval": str(data), "threads": 1})
        assert (code, events[-1]["event"]) == (3, "error")
        assert name in events[-1]["message"]
        assert "\n" not in events[-1]["message"]


def test_a_missing_runtime_is_named_with_the_command_that_installs_it(agent, file, data, tmp_path):
    # A module that fails to import like one that is not there hides the real one.
    for module in ("onnxruntime", "ai_edge_litert", "tflite_runtime"):
        (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError(\"No module named '{module}'\")")
    job = {**file, "eval": str(data), "threads": 1}
    code, events, _ = agent("accuracy", job, environment={"PYTHONPATH": str(tmp_path)})
    assert code == 2
    assert "-m pip install" in events[-1]["message"]


def test_tied_it_ends_when_its_stdin_closes(files, data, tmp_path):
    path, layout = files["onnx"]
    job = tmp_path / "long.json"
    job.write_text(
        f'{{"files": [{{"file": "{path}", "layout": "{layout}"}}], "warmup": 0, "min_runs": 1, "min_seconds": 500,'
        ' "max_seconds": 600, "threads": 1}'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "edgecompress.agent", "latency", str(job), "--tied"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        assert b"progress" in process.stdout.readline()
        process.stdin.close()
        start = time.monotonic()
        assert process.wait(timeout=60) == 4
        assert time.monotonic() - start < 30
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
