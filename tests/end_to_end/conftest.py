"""An arm64 root file system, made once."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools" / "arm64"


class Arm64:
    """The scripts of tools/arm64, and the folder in which they make things."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, name, *arguments, **environment):
        """Run a script; what it says on stdout."""
        environment = {**os.environ, **environment}
        command = [TOOLS / name, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


@pytest.fixture(scope="session")
def arm64(tmp_path_factory):
    """With ``root`` and ``packages`` in its folder."""
    if os.getuid() != 0:
        pytest.skip("only root may make a root file system")
    for program in ("mmdebstrap", "arch-test", "qemu-aarch64-static"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here: apt install mmdebstrap arch-test qemu-user-static")
    # Minutes of work: of several processes of pytest the first makes it, and the others wait.
    base = tmp_path_factory.getbasetemp()
    tools = Arm64((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "arm64")
    tools.folder.mkdir(exist_ok=True)
    made = tools.folder / "made"
    with (tools.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for leftover in ("root", "wheels", "packages"):
                shutil.rmtree(tools.folder / leftover, ignore_errors=True)
            tools("root", tools.folder / "root")
            tools("wheels", tools.folder / "wheels")
            tools("unpack_wheels", tools.folder / "wheels", tools.folder / "packages")
            made.touch()
    return tools
