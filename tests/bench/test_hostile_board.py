"""A board that lies, reached by a real sshd: one line and exit code 4, and nothing of it in a journal or a record."""

import json
import shutil
import sys

import pytest

from edgecompress import devices
from edgecompress.bench.run import bench
from edgecompress.errors import EdgecompressError

# A "python" of the board: it runs the agent, and changes what one step of it says.
LIAR = """#!{python}
import json, subprocess, sys
command = ["{python}", *sys.argv[1:]]
done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
for line in done.stdout.splitlines():
    event = json.loads(line) if line.startswith("{{") else {{}}
    if event.get("event") == "{step}":
        {lie}
        line = json.dumps(event)
    print(line, flush=True)
sys.exit(done.returncode)
"""


@pytest.fixture
def liar(sshd, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    program = tmp_path / "python"
    program.touch(0o755)
    device = devices.Device(
        name="liar",
        address=f"ssh://{sshd.address}",
        python=str(program),
        folder=str(sshd.root),
        runtimes=["onnxruntime"],
    )
    devices.add(device)
    return lambda step, lie: program.write_text(LIAR.format(python=sys.executable, step=step, lie=lie))


@pytest.mark.slow
def test_each_lie_is_one_line_and_nothing_of_it_is_kept(liar, small_bundle, tmp_path):
    folder = shutil.copytree(small_bundle, tmp_path / "bundle")
    lies = [  # in the order in which the steps are run: what was measured before a lie is kept
        ("conditions", "event['cpu'] = {'a': 1}", "cpu"),
        ("conditions", "event['cores'] = -1", "cores"),
        ("latency", "event['samples_ns'][0] = -5", "samples_ns"),
        ("latency", "del event['file']", "file"),
        ("memory", "event['load_ns'] = float('nan')", "load_ns"),
        ("memory", "event['after_load'] = {'rss': 'much'}", "after_load"),
        ("memory", "event['version'] = 'x' * (100 << 20)", "16 in a line"),
        ("accuracy", "event['correct'] = -1", "correct"),
        ("accuracy", "event['total'] = 1e400", "total"),
    ]
    told = []
    for step, lie, said in lies:
        liar(step, lie)
        with pytest.raises(EdgecompressError) as caught:
            bench(folder, device="liar", mode="quick")
        line = str(caught.value)
        told.append((lie, caught.value.exit_code, line))
        assert said in line, told
        assert caught.value.exit_code == 4, told
        assert line.isprintable(), told
        assert len(line) < 3000
    kept = [path for path in (folder / "bench").iterdir() if path.suffix == ".json"]
    assert kept == []
    for path in (folder / "bench").iterdir():
        assert "NaN" not in path.read_text()
        for entry in map(json.loads, path.read_text().splitlines()):
            assert not any(event["event"] == "accuracy" for event in entry["events"])
