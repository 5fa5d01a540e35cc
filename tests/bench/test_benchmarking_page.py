import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarking.md").read_text(encoding="utf-8")


def test_the_job_that_the_page_shows_runs(small_bundle, tmp_path):
    (job,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    for name in ("dense.onnx", "model.onnx", "eval.npz"):
        shutil.copy(small_bundle / name, tmp_path)
    (tmp_path / "job.json").write_text(job)
    command = [sys.executable, "-m", "edgecompress.agent", "latency", str(tmp_path / "job.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["file"] for event in events if event["event"] == "latency"] == ["dense.onnx", "model.onnx"]


def test_the_page_says_the_modes_and_limits_that_the_code_has():
    import importlib

    from edgecompress.bench.protocol import MODES
    from edgecompress.bench.statistics import P99_SAMPLES

    latency = importlib.import_module("edgecompress.agent.steps.latency")
    quick, standard = MODES["quick"], MODES["standard"]
    timed = f"{quick.min_runs} runs a file and {quick.min_seconds:g} s"
    assert f"| `quick` | {quick.processes} | {quick.warmup} rounds | {timed}" in PAGE
    assert f"| `standard` | {standard.processes} | until settled" in PAGE
    assert f"{standard.min_runs} runs a file and {standard.min_seconds:g} s | {standard.max_seconds:g} s |" in PAGE
    for number in (f"{latency.MOST_KEPT:,}", f"up to {latency.ROWS} test samples", f"from {P99_SAMPLES} samples"):
        assert number in PAGE
