import importlib.util
import subprocess
import sys

import pytest

import edgecompress as ec
from edgecompress.errors import MissingDependencyError

LINE = r"this needs torch, psutil, not installed here: pip install 'edgecompress\[train,bench\]'"
# None in the place of a module is what Python takes for one that is not there.
HIDDEN = "import sys; sys.modules.update(torch=None, psutil=None); from edgecompress.__main__ import run; run()"


def test_what_is_not_installed_is_said_before_anything_begins(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in {"torch", "psutil"} else real(name))
    with pytest.raises(MissingDependencyError, match=LINE):
        ec.run("alexnet", device="nowhere")


@pytest.mark.parametrize("command", [["demo"], ["run", "alexnet", "--data", "digits"]])
def test_a_command_names_all_that_is_missing_at_once(command):
    done = subprocess.run([sys.executable, "-c", HIDDEN, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip() == f"edgecompress: {LINE}".replace("\\", "")
