"""The arithmetic against a sensor that a process of the test turns up and down; the real one where there is one."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edgecompress.agent.steps._sampler import Sampler
from edgecompress.agent.system.power import sensor


@pytest.fixture
def board(tmp_path):
    """A board with an INA219 whose power the test sets, in milliwatts."""
    chip = tmp_path / "sys/class/hwmon/hwmon0"
    chip.mkdir(parents=True)
    (chip / "name").write_text("ina219\n")

    def draw(milliwatts):
        (chip / "part").write_text(f"{1000 * milliwatts}\n")
        (chip / "part").replace(chip / "power1_input")

    draw(2000)
    return tmp_path, draw


def energy(job, on_event):
    """Run the step and hand its events on as they come."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edgecompress.agent", "energy", json.dumps(job)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    for line in process.stdout:
        on_event(json.loads(line))
    process.stdout.close()
    return process.wait()


def test_the_idle_power_is_subtracted(board, files):
    root, draw = board
    events = []

    def on_event(event):
        events.append(event)
        # The runs begin SETTLE and half of "seconds" after the first wait is told, and end "seconds" after that.
        if len(events) == 1:
            for after, milliwatts in ((1 + 1.0, 5000), (1 + 1.0 + 2.0, 2000)):
                threading.Timer(after, draw, [milliwatts]).start()

    job = {"file": str(files["onnx"][0]), "threads": 1, "seconds": 2, "root": str(root)}
    assert energy(job, on_event) == 0
    event = events[-1]
    assert event["idle_watts"] == pytest.approx(2.0, abs=0.3)
    assert event["watts"] == pytest.approx(5.0, abs=0.6)
    per_run = 1000 * event["seconds"] / event["runs"]
    assert event["millijoules"] == pytest.approx((event["watts"] - event["idle_watts"]) * per_run)
    assert event["millijoules_with_idle"] == pytest.approx(event["watts"] * per_run)
    assert (event["sensor"], event["rails"], event["note"]) == ("ina219", ["ina219 1 (hwmon0)"], None)
    assert event["readings"] >= 20


def test_a_counter_that_stands_still_gives_no_figure(tmp_path, files):
    zone = tmp_path / "sys/class/powercap/intel-rapl:0"
    zone.mkdir(parents=True)
    for name, text in {"name": "package-0", "energy_uj": "500", "max_energy_range_uj": "1000"}.items():
        (zone / name).write_text(text)
    events = []
    job = {"file": str(files["onnx"][0]), "threads": 1, "seconds": 0.2, "root": str(tmp_path)}
    assert energy(job, events.append) == 0
    assert (events[-1]["millijoules"], events[-1]["readings"]) == (None, None)
    assert "did not move" in events[-1]["note"]


def test_without_a_sensor_it_says_why(agent, files, tmp_path):
    (tmp_path / "bare").mkdir()
    job = {"file": str(files["onnx"][0]), "threads": 1, "root": "bare"}
    code, events, _ = agent("energy", job)
    assert (code, events[-1]["message"]) == (2, "no power sensor is visible")


def test_the_readings_are_by_a_process_of_their_own_that_ends(board):
    root, draw = board
    meter, _ = sensor(root)
    sampler = Sampler.start(meter, 0.02)
    start = time.monotonic()
    time.sleep(0.3)
    draw(3000)
    time.sleep(0.3)
    readings = sampler.stop()
    assert [watts for _, watts in readings][:1] + [watts for _, watts in readings][-1:] == [2.0, 3.0]
    assert all(start - 1 < moment < time.monotonic() for moment, _ in readings)
    with pytest.raises(ChildProcessError):
        os.waitpid(sampler.process, 0)


def test_nothing_goes_on_reading_when_the_agent_is_killed(board, files, children):
    root, _ = board
    job = {"file": str(files["onnx"][0]), "threads": 1, "seconds": 100, "root": str(root)}
    command = [sys.executable, "-m", "edgecompress.agent", "energy", json.dumps(job)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert "wait" in process.stdout.readline()
        (reader,) = children(process.pid)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    end = time.monotonic() + 20
    while Path(f"/proc/{reader}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{reader}").exists()


@pytest.mark.skipif(sensor(Path("/"))[0] is None, reason="this machine shows no power sensor")
def test_the_sensor_of_this_machine(agent, files):
    code, events, _ = agent("energy", {"file": str(files["onnx"][0]), "threads": 1, "seconds": 2})
    assert code == 0
    assert events[-1]["watts"] > 0
