"""The program as a user runs it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

AT_START = {"PYTHONPATH", "PYTHONHOME", "COLUMNS"}
"""Variables that are read when a Python starts, or when a library is imported."""
COLUMNS = {"COLUMNS": "100"}


@pytest.fixture(scope="session")
def warm():
    """A Python that has imported the program already (``tests/warm.py``)."""
    command = [sys.executable, "-P", str(Path(__file__).parents[1] / "warm.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | COLUMNS
    ) as process:
        yield process
        process.stdin.close()


def _copy(warm, arguments, folder, env):
    """Run the program in a copy of ``warm``."""
    streams = {name: folder.parent / f"{folder.name}.{name}" for name in ("stdout", "stderr")}
    for path in streams.values():
        path.write_bytes(b"")
    request = {"arguments": arguments, "cwd": str(folder), "env": env, **{k: str(v) for k, v in streams.items()}}
    warm.stdin.write(json.dumps(request) + "\n")
    warm.stdin.flush()
    code = int(warm.stdout.readline())
    return subprocess.CompletedProcess(arguments, code, *(path.read_text() for path in streams.values()))


@pytest.fixture
def edgecompress(request, tmp_path):
    """Run the program in ``tmp_path``; in a new Python where it is given what one reads at its start."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        words = list(map(str, arguments))
        env = {
            **os.environ,
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "EDGECOMPRESS_STORE": str(tmp_path / "store.sqlite"),
            **COLUMNS,
            **environment,
        }
        if not AT_START & environment.keys():
            return _copy(request.getfixturevalue("warm"), words, tmp_path, env)
        return subprocess.run(
            [sys.executable, "-m", "edgecompress", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=env,
        )

    return run


@pytest.fixture
def refused(edgecompress):
    """Run a wrong command: it must end with code 2 and one line after its progress, no traceback. Returns the line."""

    def run(*arguments: object) -> str:
        done = edgecompress(*arguments)
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        *progress, line = done.stderr.strip().splitlines()
        assert line.startswith("edgecompress: ")
        assert all(said.startswith(("read ", "train ", "conditions ")) for said in progress), done.stderr
        return line

    return run
