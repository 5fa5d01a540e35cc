"""What lies between a login shell and a script. The rest is met through the transport: ../transports."""

import shutil
import subprocess
import time

import pytest

from edgecompress.deploy.board import programs
from edgecompress.deploy.board.answer import script
from edgecompress.deploy.openssh import client
from edgecompress.deploy.openssh.address import parse
from edgecompress.deploy.openssh.client import SshClient
from edgecompress.deploy.transports.ssh import ssh
from edgecompress.errors import DeviceLostError

SHELLS = [
    ["sh", "-c"],
    ["bash", "-c"],
    ["dash", "-c"],
    ["busybox", "sh", "-c"],
    ["zsh", "-c"],
    ["fish", "-c"],
    ["tcsh", "-c"],
]


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[-2])
def test_any_login_shell_hands_the_script_on(shell, tmp_path):
    if not shutil.which(shell[0]):
        pytest.skip(f"no {shell[0]} here")
    if not shutil.which("ssh"):
        pytest.skip("no ssh here")
    name = "it's \\n $HOME\n`x`"
    (tmp_path / name).write_bytes(b"content")
    token, text = script(programs.FETCH, [f"{tmp_path}/{name}"])
    command, first = SshClient(parse("board"), "ssh://board", "", tmp_path).command(text, first=False)
    done = subprocess.run([*shell, command[-1]], input=first + b"what follows", capture_output=True, check=False)
    assert done.stdout.startswith(f"{token}\ncontent{token} ed7002b439e9ac845f22357d822bac14".encode())
    assert done.stderr == b""


# What a start file or a password entry puts in a shell's place: sshd runs it instead of what it is sent.
SWALLOW = {
    "exec sleep 600": "a start file there .* may start another program, as 'exec fish' does",
    "exec cat": "a start file there .* may start another program",
    "yes": "a start file there .* may start another program",
    "/usr/sbin/nologin": "ran nothing and answered 'This account is currently not available.': give this user a shell",
    "exit 7": "ran nothing: give this user a shell",
}


@pytest.mark.parametrize("instead", SWALLOW)
def test_a_login_shell_that_swallows_what_it_is_sent_is_one_line_in_seconds(instead, sshd, monkeypatch, tmp_path):
    if instead != "exec sleep 600":
        monkeypatch.setattr(client, "SHELL_SECONDS", 1)
    assert client.SHELL_SECONDS < 9
    authorized = sshd.folder / "authorized"
    key = authorized.read_text()
    authorized.write_text(f'command="{instead}" {key}')
    began = time.monotonic()
    try:
        with pytest.raises(DeviceLostError, match=SWALLOW[instead]) as error, ssh(sshd.address, folder=str(tmp_path)):
            pass
    finally:
        authorized.write_text(key)
    assert "\n" not in str(error.value)
    assert time.monotonic() - began < 20
