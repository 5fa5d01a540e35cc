"""Ssh against a real sshd: what it keeps, what it leaves, and every fault as one line."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.openssh.address import parse
from edgecompress.deploy.transports.ssh import ssh
from edgecompress.errors import DeviceLostError, InputError, MissingDependencyError, RuntimeFailedError

WAIT = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


def ignore(line):
    pass


def wait_there(connection, on_line=ignore, seconds=60):
    return connection.run([sys.executable, "-c", WAIT], Deadline.after(seconds), on_line)


def test_a_lost_connection_in_a_run_ends_the_program_and_is_one_line(ssh_device, sshd, gone):
    lines = []

    def on_line(line):
        lines.append(line)
        sshd.cut()

    lost = "the connection was lost; run the same command again"
    with pytest.raises(DeviceLostError, match=lost), ssh_device() as connection:
        wait_there(connection, on_line)
    assert gone([int(lines[0])])
    with ssh_device() as connection:
        assert connection.run(["true"], Deadline.after(30), ignore).code == 0
    assert list((sshd.root / "work").iterdir()) == []


def command(process):
    """Of a process that may end while it is asked."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def test_a_killed_ssh_ends_the_program_and_the_connection_is_still_good(ssh_device, gone, children):
    lines = []

    def on_line(line):
        lines.append(line)
        for child in children(os.getpid()):
            if "ControlMaster=no" in command(child):
                os.kill(child, signal.SIGKILL)

    with ssh_device() as connection:
        with pytest.raises(RuntimeFailedError, match="the ssh process of this step failed: was killed by signal 9"):
            wait_there(connection, on_line)
        assert gone([int(lines[0])])
        assert connection.run(["true"], Deadline.after(30), ignore).code == 0


def test_a_connection_cut_in_a_push_leaves_nothing_half_and_a_rerun_goes_on(ssh_device, sshd, tmp_path):
    big = tmp_path / "big"
    with big.open("wb") as stream:
        stream.truncate(4 << 30)  # without content, and far more than arrives before the cut

    def cut_when_it_flows():
        while not any(path.stat().st_size > 1 << 20 for path in (sshd.root / "work").glob("job.*/.part-*")):
            time.sleep(0.01)
        sshd.cut()

    # Its sum alone would take seconds.
    from edgecompress.deploy.board import connection as module

    original, module._digest = module._digest, lambda path: "0" * 64
    thread = threading.Thread(target=cut_when_it_flows)
    try:
        with pytest.raises(DeviceLostError, match="the connection was lost"), ssh_device() as connection:
            thread.start()
            connection.push(big, "big", Deadline.after(60))
    finally:
        module._digest = original
        thread.join()
    for _ in range(200):
        if not list((sshd.root / "work").glob("job.*/.part-*")):
            break
        time.sleep(0.05)
    assert not list((sshd.root / "blobs").glob("*0000"))
    assert not list((sshd.root / "work").glob("job.*/.part-*"))
    (tmp_path / "small").write_bytes(b"x" * 50_000)
    with ssh_device() as connection:
        connection.push(tmp_path / "small", "small", Deadline.after(30))


def test_a_push_that_takes_too_long_is_given_up(ssh_device, tmp_path, monkeypatch):
    from edgecompress.deploy.board import shell as module

    (tmp_path / "a").write_bytes(os.urandom(50_000))
    monkeypatch.setattr(module, "_content", lambda path: iter(lambda: time.sleep(0.1) or b"x", None))
    with ssh_device() as connection, pytest.raises(RuntimeFailedError, match=r"cannot copy .*: not done within 1 s"):
        connection.push(tmp_path / "a", "a", Deadline.after(1))


@pytest.mark.parametrize(
    ("key", "line"), [("other_host", "its host key is not the one in your known_hosts"), ("", "known_hosts yet")]
)
def test_host_keys_are_checked(sshd, key, line):
    sshd.know(key)
    with pytest.raises(DeviceLostError, match=line), ssh(sshd.address):
        pass


def test_of_an_unknown_host_key_the_fingerprint_is_shown_and_the_command_to_log_in(sshd):
    sshd.know("")
    done = subprocess.run(["ssh-keygen", "-lf", sshd.folder / "host.pub"], capture_output=True, text=True, check=True)
    fingerprint = done.stdout.split()[1]
    with pytest.raises(DeviceLostError) as caught, ssh(sshd.address):
        pass
    assert f" {fingerprint}; " in str(caught.value)
    assert "ssh_host_ed25519_key.pub" in str(caught.value)
    assert str(caught.value).endswith(f": {parse(sshd.address).command}")


def test_who_is_not_let_in_or_not_there_is_told_apart(sshd, free_port):
    sshd.configure(IdentityFile=f'"{sshd.folder}/other_host"')
    with pytest.raises(DeviceLostError, match="refuses the login"), ssh(sshd.address):
        pass
    with pytest.raises(DeviceLostError, match="is sshd running, and is the port right"), ssh(f"board:{free_port()}"):
        pass
    with pytest.raises(DeviceLostError, match="its name is not known here"), ssh("nobody@no-such-board.invalid"):
        pass
    with pytest.raises(InputError, match="is not an address"), ssh("a board"):
        pass


def test_a_key_of_its_own_and_a_command_in_the_users_configuration(sshd):
    sshd.configure(IdentityFile="none", RemoteCommand="echo never", RequestTTY="force", ControlMaster="auto")
    with ssh(sshd.address, key=str(sshd.folder / "user"), folder=str(sshd.root)) as connection:
        assert connection.run(["echo", "a"], Deadline.after(30), ignore).output == "a\n"


def test_without_an_ssh_client_the_line_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="openssh-client"), ssh("board"):
        pass


def test_nothing_of_ssh_is_left_here(sshd, children, monkeypatch):
    short = Path(tempfile.mkdtemp(dir="/tmp"))  # a socket's path may not be long
    monkeypatch.setattr("tempfile.tempdir", str(short))
    with ssh(sshd.address, folder=str(sshd.root)):
        (socket,) = short.glob("edgecompress-*/s")
        assert socket.parent.stat().st_mode & 0o077 == 0
    assert list(short.iterdir()) == []
    short.rmdir()
    assert not [child for child in children(os.getpid()) if "ControlPersist" in command(child)]


def test_a_killed_program_here_ends_everything_there(sshd, gone, tmp_path):
    code = (
        "import sys\n"
        "from edgecompress.deploy.deadline import Deadline\n"
        "from edgecompress.deploy.transports.ssh import ssh\n"
        f"with ssh({sshd.address!r}, folder={str(sshd.root)!r}) as connection:\n"
        f"    command = [sys.executable, '-c', {WAIT!r}]\n"
        "    connection.run(command, Deadline.after(60), lambda line: print(line, flush=True))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone([child])
    for _ in range(400):
        if not (sshd.root / "lock").is_symlink() and not list((sshd.root / "work").iterdir()):
            return
        time.sleep(0.05)
    raise AssertionError("the board still keeps the lock or the work folder")
