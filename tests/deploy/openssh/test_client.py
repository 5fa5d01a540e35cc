"""What lies between a login shell and a script. The rest is met through the transport: ../transports."""

import shutil
import subprocess

import pytest

from edgecompress.deploy.openssh import scripts
from edgecompress.deploy.openssh.client import _After, _prepare

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
def test_any_login_shell_hands_the_arguments_on(shell, tmp_path):
    if not shutil.which(shell[0]):
        pytest.skip(f"no {shell[0]} here")
    name = "it's \\n $HOME\n`x`"
    (tmp_path / name).write_bytes(b"content")
    token, command, text = _prepare(scripts.FETCH, [f"{tmp_path}/{name}"])
    done = subprocess.run([*shell, command], input=text + b"what follows", capture_output=True, check=False)
    assert done.stdout == token.encode() + b"\ncontent"
    assert done.stderr.decode().startswith(f"\n{token} ed7002b439e9ac845f22357d822bac14")


def test_what_start_files_print_is_dropped_wherever_it_is_cut():
    whole = b"Welcome!\nedgecompress-12\nedgecompress-123\nout\nedgecompress-123\n"
    for cut in range(len(whole)):
        seen = []
        after = _After(b"edgecompress-123\n", seen.append)
        after(whole[:cut])
        after(whole[cut:])
        assert b"".join(seen) == b"out\nedgecompress-123\n"
