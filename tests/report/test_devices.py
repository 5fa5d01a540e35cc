from pathlib import Path

from edgecompress.devices import Device
from edgecompress.report.devices import by_device, registered
from edgecompress.report.writers.terminal import terminal


def test_a_row_a_device_and_file_and_a_line_for_what_failed(record):
    text = terminal(by_device({"kitchen": record, "desk": record}, {"dead": "it does not answer"}), Path())
    assert sum(line.startswith("kitchen ") for line in text.splitlines()) == len(record.files)
    assert sum(line.startswith("desk ") for line in text.splitlines()) == len(record.files)
    assert "! dead failed: it does not answer" in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_an_emulated_time_is_never_shown(record):
    text = terminal(by_device({"board": record.model_copy(update={"taken": "emulated"})}, {}), Path())
    for row in (line.split() for line in text.splitlines() if line.startswith("board ")):
        timed = record.files[row[1]].latency is not None
        assert row[2:7] == ["-", "-", "-", "emulated" if timed else "failed", "-"]


def test_a_registered_device_is_a_row():
    kitchen = Device.from_table({"name": "kitchen", "address": "ssh://pi@kitchen", "target": "rpi4"}, "kitchen")
    _, row = terminal(registered({"kitchen": kitchen}), Path()).splitlines()
    assert row.split() == ["kitchen", "ssh://pi@kitchen", "rpi4", "profile's"]
