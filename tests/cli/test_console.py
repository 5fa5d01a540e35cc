import os
import pty
import subprocess
import sys

import pytest
import typer

from edgecompress.cli import console
from edgecompress.errors import MissingDependencyError


def test_plain_lines_are_few_and_the_last_step_is_always_said(capsys):
    with console.long_work("again") as progress:
        for step in range(1, 1001):
            progress("train", step, 1000, "loss 0.5")
        progress("prune", 1, 10)
    said = capsys.readouterr().err.splitlines()
    assert said == ["train 1/1000: loss 0.5", "train 1000/1000: loss 0.5", "prune 1/10"]


def test_ctrl_c_is_a_line_and_code_130(capsys):
    with pytest.raises(typer.Exit) as caught, console.long_work("do this again"):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert "interrupted; do this again" in capsys.readouterr().err


def test_a_missing_extra_is_named_and_a_missing_module_of_ours_is_a_defect():
    with pytest.raises(MissingDependencyError, match=r"edgecompress\[train\]"), console.long_work("x"):
        raise ModuleNotFoundError("no", name="torch.nn")
    with pytest.raises(ModuleNotFoundError), console.long_work("x"):
        raise ModuleNotFoundError("no", name="edgecompress.nothing")


def test_build_without_torch_says_what_to_install(tmp_path):
    code = (
        "import sys\nsys.modules['torch'] = None\nsys.argv = ['edgecompress', 'build', '--target', 'rpi4']\n"
        "from edgecompress.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().endswith("pip install 'edgecompress[train]'")


def test_a_message_has_an_end_whatever_a_file_put_into_it(edgecompress, tmp_path):
    (tmp_path / "r.toml").write_text("k" * 1_000_000 + " = 1\n")
    done = edgecompress("targets", "r.toml")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stderr) < 3000


def test_a_warning_is_one_line(capsys):
    console.warn("two\nlines")
    assert capsys.readouterr().err == "edgecompress: warning: two lines\n"


def test_on_a_terminal_there_are_bars():
    code = (
        "from edgecompress.cli import console\n"
        "with console.long_work('x') as progress:\n    progress('train', 5, 10, 'loss 1')\n"
        "    progress('prune', 1, 2)\n"
    )
    master, slave = pty.openpty()
    # What decides is that it is a terminal, not what the tests' own environment says of colours.
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    process = subprocess.Popen([sys.executable, "-c", code], stderr=slave, stdout=subprocess.DEVNULL, env=environment)
    process.wait(timeout=60)
    os.close(slave)
    said = os.read(master, 100_000).decode()
    os.close(master)
    assert "train" in said
    assert "loss 1" in said
    assert "\x1b[" in said
