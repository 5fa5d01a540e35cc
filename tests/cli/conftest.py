"""The program as a user runs it: in a process of its own."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def edgecompress(tmp_path):
    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "edgecompress", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "XDG_CONFIG_HOME": str(tmp_path / "config"),
                "EDGECOMPRESS_STORE": str(tmp_path / "store.sqlite"),
                "COLUMNS": "100",
                **environment,
            },
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
