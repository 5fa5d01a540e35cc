import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgecompress.workers import python

# What is deaf to all but its end: a runtime in native code lets no thread of Python run.
DEAF = "import ctypes, sys; print('on', flush=True); ctypes.PyDLL(None).sleep(60)"
PARENT = """
import signal, subprocess, sys
from edgecompress.workers import python
child = subprocess.Popen(python("deaf", ends_by=getattr(signal, sys.argv[1])), stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline().strip(), flush=True)
child.wait()
"""


def alive(process):
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def test_a_child_that_computes_in_native_code_ends_with_its_killed_parent(tmp_path, monkeypatch):
    (tmp_path / "deaf.py").write_text(DEAF)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, "SIGKILL"], stdout=subprocess.PIPE, text=True)
    child, word = parent.stdout.readline().split()
    assert word == "on"
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 20
    while alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(child)


@pytest.mark.parametrize("name", ["dis", "random", "runpy", "ctypes"])
def test_the_users_folder_is_not_looked_in_and_the_users_path_is(tmp_path, monkeypatch, name):
    work, path = tmp_path / "work", tmp_path / "path"
    for folder in (work, path):
        folder.mkdir()
    (work / f"{name}.py").write_text("raise ImportError('a file of the user')")
    (path / "mine.py").write_text(f"import {name}, sys; print({name}.__file__, *sys.argv[1:])")
    monkeypatch.setenv("PYTHONPATH", str(path), prepend=os.pathsep)
    done = subprocess.run(python("mine", "a", "b c"), cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{name}.py a b c\n") or "ctypes" in done.stdout
    assert str(work) not in done.stdout


def test_a_child_whose_parent_is_gone_already_ends_at_once(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("print('runs')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    command = python("mine")
    command[command.index(str(os.getpid()))] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")
