"""The tutorial, run from top to bottom: each block in its order, as a reader types it.

The board is this machine behind a real sshd. So it has an address and a Python of its own, with the runtimes, and is
registered as no board: a PC that is registered as a Raspberry Pi is a fault. ``run`` is told instead what to build for.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def shell(tmp_path, sshd):
    """Runs lines of a shell in an empty folder, where ``python`` and ``edgecompress`` are those of the test."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, command in (("python", ""), ("edgecompress", "-m edgecompress")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (programs / name).chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "COLUMNS": "100",
    }

    def run(lines):
        lines = lines.replace(
            "ssh://pi@raspberrypi.local --target rpi4",
            f"ssh://{sshd.address} --python '{sys.executable}' --folder '{tmp_path}/board'",
        ).replace("--device kitchen -o", "--device kitchen --target rpi4 -o")
        done = subprocess.run(
            ["sh", "-e", "-c", lines],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"
        return " ".join(done.stdout.split())

    return folder, run


@pytest.mark.slow
def test_every_block_runs_in_order_and_ends_with_the_right_class(shell):
    folder, run = shell
    said = []
    for language, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "python":
            name = re.match(r"# (\w+\.py)\n", code).group(1)
            (folder / name).write_text(code, encoding="utf-8")
        else:
            said.append(run(code))
    _, recipe, _, built, measured, answer = said
    assert "sparsity" in recipe
    assert "Smaller: " in built and "Accuracy: it answers " in built and "Speed: one inference takes " in built
    assert built.endswith("page: dist/shapes.html") and (folder / "dist/shapes.html").is_file()
    assert "the file to take on" in measured
    assert answer == "square"
