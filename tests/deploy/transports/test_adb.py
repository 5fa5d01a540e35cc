"""What the contract does not ask of a transport: held devices, faults on the way, old devices."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edgecompress import methods
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.adb import adb
from edgecompress.errors import DeviceLostError

WAITS = "import os, subprocess, sys, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"


def ignore(line):
    pass


def run(connection, *arguments, seconds=60, on_line=ignore):
    return connection.run(arguments, Deadline.after(seconds), on_line)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "kept there"


def test_it_is_found_by_name():
    assert methods.find("edgecompress.deploy.transports", "adb") is adb


@pytest.mark.parametrize("options", [["--old"], ["--shell", "bash"], ["--shell", "busybox sh"]], ids=" ".join)
def test_other_devices(adb_devices, root, tmp_path, options):
    serial = adb_devices.start(*options)
    (tmp_path / "a").write_bytes(b"\r\n\0" * 20_000)
    with adb(serial, folder=str(root)) as connection:
        connection.push(tmp_path / "a", "b", Deadline.after(60))
        connection.pull("b", tmp_path / "c", Deadline.after(60))
        finished = run(connection, "sh", "-c", "printf 'x\\r\\n'; echo bad >&2; exit 200")
    assert (tmp_path / "c").read_bytes() == b"\r\n\0" * 20_000
    assert (finished.code, finished.output, finished.errors) == (200, "x\r\n", "bad\n")


@pytest.mark.parametrize("fault", ["server killed", "device gone", "disconnected"])
def test_a_connection_that_is_lost_in_a_run_is_one_line_and_leaves_nothing_running(adb_devices, root, gone, fault):
    serial = adb_devices.start()
    lines = []

    def on_line(line):
        lines.append(int(line))
        if fault == "server killed":
            adb_devices.kill_server()
        elif fault == "device gone":
            adb_devices.stop(serial)
        else:
            adb_devices.adb("disconnect", serial)

    with (
        pytest.raises(DeviceLostError, match=f"cannot run python3: device {serial} (was lost|is not connected)"),
        adb(serial, folder=str(root)) as connection,
    ):
        run(connection, "python3", "-c", WAITS, on_line=on_line)
    assert gone(lines)
    assert wait(lambda: not list((root / "work").iterdir()))
    if fault != "device gone":
        with adb(serial, folder=str(root)) as connection:  # and it goes on
            assert run(connection, "true").code == 0


def test_this_process_killed_outright_leaves_nothing_there(adb_devices, root, gone):
    serial = adb_devices.start()
    code = (
        "from edgecompress.deploy.deadline import Deadline\n"
        "from edgecompress.deploy.transports.adb import adb\n"
        f"with adb({serial!r}, folder={str(root)!r}) as connection:\n"
        f"    connection.run(['python3', '-c', {WAITS!r}], Deadline.after(60), lambda line: print(line, flush=True))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    # The clients that it started notice when they write or when they are killed; here nobody is left to kill them.
    clients = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if serial.encode() in read(folder / "cmdline").split(b"\0")
    ]
    for client in clients:
        os.kill(client, 9)
    assert gone([child])
    assert wait(lambda: not list((root / "work").iterdir()))


def test_a_connection_cut_in_a_push_leaves_no_half_of_a_file_and_a_rerun_goes_on(adb_devices, root, tmp_path):
    serial = adb_devices.start("--cut-after", "3000000")
    (tmp_path / "small").write_bytes(os.urandom(1_000_000))
    (tmp_path / "large").write_bytes(os.urandom(5_000_000))
    with (
        pytest.raises(DeviceLostError, match=r"cannot copy .*large.* (was lost|is not connected|is offline)"),
        adb(serial, folder=str(root)) as connection,
    ):
        connection.push(tmp_path / "small", "small", Deadline.after(60))
        connection.push(tmp_path / "large", "large", Deadline.after(60))
    assert [path.stat().st_size for path in (root / "blobs").iterdir()] == [1_000_000]
    with adb(serial, folder=str(root)) as connection:
        for name in ("small", "large"):
            connection.push(tmp_path / name, name, Deadline.after(60))
            assert run(connection, "cmp", str(tmp_path / name), name).code == 0


def test_lines_of_two_devices_do_not_mix(adb_devices, tmp_path):
    found = {}

    def work(serial, name):
        with adb(serial, folder=str(tmp_path / name)) as connection:
            script = f"for i in 1 2 3 4 5 6 7 8 9; do echo {name}; sleep 0.02; done"
            found[name] = run(connection, "sh", "-c", script).output

    threads = [threading.Thread(target=work, args=(adb_devices.start(), name)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: f"{name}\n" * 9 for name in ("first", "second")}


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()
