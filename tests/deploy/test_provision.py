import sys

import pytest

from edgecompress.deploy.clean import clean
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.provision import choose, provision
from edgecompress.deploy.transports.local import local
from edgecompress.deploy.transports.ssh import ssh
from edgecompress.deploy.wheels import NoWheelError
from edgecompress.errors import InputError, RuntimeFailedError


def board_without(*packages):
    """What a board installs whose index lacks some packages, and what it was asked for."""
    asked = []

    def install(requirements):
        asked.append(requirements)
        for package in packages:
            if any(each.partition(">=")[0] == package for each in requirements):
                raise NoWheelError(package)
        return {"fresh": True, "packages": {}}

    return install, asked


def test_a_runtime_falls_back_and_is_left_out_last():
    install, asked = board_without()
    assert choose(["onnxruntime", "litert"], install)[1] == {}
    assert asked == [["numpy", "psutil", "onnxruntime", "ai-edge-litert>=2.2"]]
    install, asked = board_without("ai-edge-litert")
    assert choose(["onnxruntime", "litert"], install)[1] == {}
    assert asked[-1] == ["psutil", "onnxruntime", "tflite-runtime", "numpy<2"]
    install, asked = board_without("ai-edge-litert", "tflite-runtime")
    assert list(choose(["litert", "onnxruntime"], install)[1]) == ["litert"]
    assert asked[-1] == ["numpy", "psutil", "onnxruntime"]
    install, _ = board_without("onnxruntime")
    with pytest.raises(RuntimeFailedError, match="no runtime fits this board: no wheel of onnxruntime"):
        choose(["onnxruntime"], install)
    install, _ = board_without("psutil")
    with pytest.raises(NoWheelError, match="psutil"):
        choose(["onnxruntime"], install)


@pytest.mark.parametrize("offline", [True, False])
def test_a_board_is_set_up_used_and_cleaned(sshd, index, tmp_path, offline):
    python = sys.executable
    if not offline:
        # The index as the board sees it: sshd hands no environment on.
        python = str(tmp_path / "python")
        script = f"#!/bin/sh\nPIP_NO_INDEX=1 PIP_FIND_LINKS='{index}' exec '{sys.executable}' \"$@\"\n"
        (tmp_path / "python").write_text(script)
        (tmp_path / "python").chmod(0o755)

    def connect():
        return ssh(sshd.address, python=python, folder=str(tmp_path / "board"))

    for fresh in (True, False):
        with connect() as connection:
            done = provision(connection, ["onnxruntime", "litert"], offline=offline, cache=tmp_path / "cache")
        assert done.fresh is fresh
        assert done.packages == {"numpy": "1.0", "onnxruntime": "1.0", "psutil": "1.0"}
        assert "no wheel of tflite-runtime" in done.left_out["litert"]
    with connect() as connection:
        command = [connection.python, "-c", "import onnxruntime; print(onnxruntime.version)"]
        assert connection.run(command, Deadline.after(60), lambda _: None).output == "1.0\n"
        assert connection.own_python != connection.python
        clean(connection)
    assert not (tmp_path / "board").exists()
    with connect() as connection:
        assert connection.own_python == connection.python


def test_this_machine_needs_no_set_up(tmp_path):
    with local() as connection, pytest.raises(InputError, match="this machine needs no set-up"):
        provision(connection, ["litert"], offline=True, cache=tmp_path)
