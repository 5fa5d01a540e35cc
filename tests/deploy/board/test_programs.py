"""Each program in every shell that is here (boards have dash, busybox's ash or bash, Android has mksh), as each carrier
has it run: from the command line as adbd does, or read from stdin as sshd's login shell is told to."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from edgecompress.deploy.adb.client import AdbClient as Adb
from edgecompress.deploy.board import programs
from edgecompress.deploy.board.answer import Answer, script
from edgecompress.deploy.board.contract import Reply
from edgecompress.deploy.openssh.address import parse
from edgecompress.deploy.openssh.client import SshClient as Ssh

SHELLS = [["dash"], ["bash"], ["busybox", "sh"], ["mksh"]]
NAMES = ["plain", "it's", 'a "b" $HOME', "new\nline", "-n", "日本", "back\\slash", "*"]


class Shell:
    """Runs programs as a carrier's far side does. ``sh`` on PATH is this shell, with what else a board has."""

    def __init__(self, shell, carrier, folder):
        self.shell, self.carrier, self.folder = shell, carrier, folder
        self.path = folder / "bin"
        self.path.mkdir()
        (self.path / "sh").write_text(f'#!/bin/sh\nexec {" ".join(shell)} "$@"\n')
        (self.path / "sh").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{self.path}:{os.environ['PATH']}", "HOME": str(folder / "home")}

    def only(self, *programs):
        """Leave nothing on PATH but the shell, what it always needs, and these."""
        (self.path / "sh").unlink()
        for name in ("sh", "printf", *programs):  # mksh has no printf of its own
            found = [shutil.which(self.shell[0]), *self.shell[1:]] if name == "sh" else [shutil.which(name)]
            (self.path / name).write_text(f'#!/bin/bash\nexec {" ".join(found)} "$@"\n')
            (self.path / name).chmod(0o755)
        self.environment["PATH"] = str(self.path)

    def start(self, program, arguments):
        """The process, and its token."""
        token, text = script(program, [str(argument) for argument in arguments])
        command, first = self.carrier.command(text, first=False)
        process = subprocess.Popen(
            [str(self.path / "sh"), "-c", command[-1]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if self.carrier.copy else subprocess.PIPE,
            start_new_session=True,
            env=self.environment,
            bufsize=0,
        )
        process.stdin.write(first)
        return process, token

    def __call__(self, program, *arguments, content=None):
        """The output of a program, and its answer. stdin stays open until it ends, unless it has content."""
        process, token = self.start(program, arguments)
        parts = []
        answer = Answer(token, parts.append)
        if content is not None:
            with suppress(BrokenPipeError):  # a program that ends without reading it
                process.stdin.write(content)
            process.stdin.close()
        answer(process.stdout.read())
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()
        process.wait(timeout=20)
        return b"".join(parts).decode(), answer.reply()


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request):
    if shutil.which(request.param[0]) is None:
        pytest.skip(f"there is no {request.param[0]} here")
    return request.param


@pytest.fixture(params=["ssh", "adb"])
def sh(request, shell, tmp_path):
    if request.param == "ssh" and shutil.which("ssh") is None:
        pytest.skip("there is no ssh here")
    carrier = Ssh(parse("board"), "board", "", tmp_path) if request.param == "ssh" else Adb("X")
    return Shell(shell, carrier, tmp_path)


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work folder"
    folder.mkdir()
    return folder


def test_a_program_and_its_end(sh, work):
    code = 'printf "%s|" "$@"; echo bad >&2; exit 7'
    output, reply = sh(programs.RUN, work, "sh", "-c", code, *NAMES)
    assert output == "".join(f"{name}|" for name in NAMES[1:])
    assert reply == Reply("7", "bad\n")
    assert sh(programs.RUN, work, "no such 'program'") == ("", Reply("missing", ""))
    assert sh(programs.RUN, work / "gone", "true") == ("", Reply("gone", ""))
    (work / "here").write_text("#!/bin/sh\necho $TMPDIR; exit 255")
    (work / "here").chmod(0o755)
    assert sh(programs.RUN, work, "./here") == (f"{work}\n", Reply("255", ""))
    assert [path.name for path in work.iterdir()] == ["here"]


@pytest.mark.parametrize("number", [6, 9, 11])
def test_a_signal_is_told_as_shells_do(sh, work, number):
    code = f"import os; print('x', flush=True); os.kill(os.getpid(), {number})"
    output, reply = sh(programs.RUN, work, sys.executable, "-c", code)
    assert (output, reply.word) == ("x\n", str(128 + number))


def test_only_the_end_of_stderr_is_told(sh, work):
    code = "i=0; while [ $i -lt 9000 ]; do echo line$i >&2; i=$((i + 1)); done"
    _, reply = sh(programs.RUN, work, "sh", "-c", code)
    assert reply.more.endswith("line8999\n")
    assert len(reply.more) == 64 * 1024


# A child that closes nothing but stdout: the answer would wait for its stderr.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
"""


@pytest.mark.parametrize("setsid", [True, False], ids=["setsid", "no setsid"])
def test_nothing_runs_on(sh, work, setsid):
    if not setsid:
        sh.only("tail", "sleep", "cat", "dd")
    output, reply = sh(programs.RUN, work, sys.executable, "-c", PARENT)
    assert reply.word == "0"
    assert ended([int(output)])
    # The connection ends while it runs.
    process, token = sh.start(programs.RUN, [work, sys.executable, "-c", f"{PARENT}time.sleep(600)"])
    assert process.stdout.readline() == f"{token}\n".encode()
    child = int(process.stdout.readline())
    process.stdin.close()
    process.stdout.read()
    assert ended([child])
    process.stdout.close()
    process.wait(timeout=20)
    # Nothing of the script itself is left, which adbd would wait for.
    assert ended([number for number in numbers() if session(number) == process.pid])


@pytest.mark.parametrize("setsid", [True, False], ids=["setsid", "no setsid"])
def test_errors_are_told_with_and_without_setsid(sh, work, setsid):
    if not setsid:
        sh.only("tail", "sleep", "dd")
    assert sh(programs.RUN, work, "sh", "-c", "echo out; echo bad >&2; exit 3") == ("out\n", Reply("3", "bad\n"))


@pytest.mark.parametrize("kept", [True, False])
def test_a_file_is_accepted_whole_and_placed_again_by_its_sum(sh, tmp_path, kept):
    for number, name in enumerate(NAMES):
        text = f"{number}\r\n" * 1000
        content, digest = text.encode(), hashlib.sha256(text.encode()).hexdigest()
        part, blob, target = tmp_path / f"part {name}", tmp_path / f"blob {name}", tmp_path / "deep" / name
        if sh.carrier.copy:
            part.write_bytes(content)
        how = "" if sh.carrier.copy else "stdin"
        done = sh(programs.ACCEPT, part, digest, target, blob if kept else "", how, content=content)
        assert done == ("", Reply("done", ""))
        assert target.read_bytes() == content
        assert target.stat().st_mode & 0o100, "it cannot be started"
        assert (blob.exists(), part.exists()) == (kept, False)
        if kept:
            assert not target.stat().st_mode & 0o222, "what is kept could be written to"
            target.unlink()
            assert sh(programs.PLACE, blob, digest, target) == ("", Reply("done", ""))
            assert target.read_bytes() == content
        assert sh(programs.FETCH, target) == (text, Reply(digest, ""))
        assert sh(programs.REMOVE, target)[1].word == "done"
        assert not target.exists()


def test_what_is_damaged_or_absent_is_not_taken(sh, tmp_path):
    part, blob, target = tmp_path / "part", tmp_path / "blob", tmp_path / "target"
    if sh.carrier.copy:
        part.write_bytes(b"half")
    said = sh(programs.ACCEPT, part, "0" * 64, target, "", "" if sh.carrier.copy else "stdin", content=b"half")
    assert said == ("", Reply("short", ""))
    assert not part.exists()
    assert sh(programs.PLACE, blob, "0" * 64, target)[1].word == "absent"
    blob.write_bytes(b"rotten")
    assert sh(programs.PLACE, blob, "0" * 64, target)[1].word == "absent"
    assert not blob.exists()
    assert not target.exists()
    assert sh(programs.FETCH, target) == ("", Reply("absent", ""))


def test_a_board_without_sha256sum_says_so(sh, tmp_path):
    (tmp_path / "file").touch()
    sh.only("cat", "rm", "dd")
    assert sh(programs.FETCH, tmp_path / "file")[1].word == "nosum"
    assert sh(programs.PLACE, tmp_path / "file", "0" * 64, tmp_path / "target")[1].word == "nosum"
    assert sh(programs.ACCEPT, tmp_path / "part", "0" * 64, tmp_path / "target", "", "", content=b"")[1].word == "nosum"


def test_what_cannot_be_written_or_read_says_why(sh, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    blob, target = tmp_path / "blob", tmp_path / "file" / "below"
    blob.write_bytes(b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    said, reply = sh(programs.PLACE, blob, digest, target)
    assert reply.word == "failed"
    assert "File exists" in said or "Not a directory" in said
    # A file that ends with an error when it is read.
    said, reply = sh(programs.FETCH, "/proc/self/mem")
    assert (said, reply.word) == ("", "failed")
    assert "Input/output error" in reply.more


def hold(sh, folder, *, take=False, root="root=$HOME/usual"):
    """Start ``HOLD``: its process, and what it said before and in its answer."""
    process, token = sh.start(programs.HOLD, [folder, root, "me@here", "take" if take else "wait"])
    parts = []
    answer = Answer(token, parts.append)
    while answer.reply() is None or answer.reply().word != "ready":
        part = os.read(process.stdout.fileno(), 65_536)
        if not part:
            break
        answer(part)
    words = b"".join(parts).decode().split("\0")[1:5]
    return process, words, answer.reply()


def close(process):
    """End a connection."""
    process.stdin.close()
    process.stdout.read()
    process.stdout.close()
    process.wait(timeout=20)


def test_a_board_is_held_by_one_and_let_go_when_the_connection_ends(sh, tmp_path):
    root = tmp_path / "its root"
    (root / "environment").mkdir(parents=True)
    (root / ".edgecompress").touch()
    first, (where, work, number, ready), _ = hold(sh, root)
    assert (where, Path(work).is_dir(), int(number), ready) == (str(root), True, first.pid, "")
    (root / "environment" / "python").touch(0o755)
    other, _, reply = hold(sh, root)
    assert reply == Reply("busy", "me@here")
    close(other)
    # Taken, the first one leaves, and takes nothing of the second with it.
    second, (_, mine, _, ready), reply = hold(sh, root, take=True)
    assert (reply.word, ready) == ("ready", "yes")
    assert ended([first.pid])
    assert [str(path) for path in (root / "work").iterdir()] == [mine]
    assert os.readlink(root / "lock").startswith(f"{second.pid} ")  # noqa: PTH115
    close(first)
    close(second)
    assert (list((root / "work").iterdir()), (root / "lock").is_symlink()) == ([], False)


def test_who_is_slow_to_leave_does_not_take_the_next_one_s_lock_along(sh, tmp_path):
    root = tmp_path / "root"
    (root / "work").mkdir(parents=True)
    (root / ".edgecompress").touch()
    # It looked at the lock before it was asked to leave, and takes it away half a second after.
    leaving = 'trap "sleep 0.5; rm -f \\"$0\\"; exit" TERM; echo ready; while :; do sleep 0.1; done'
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    with subprocess.Popen(["sh", "-c", leaving, root / "lock"], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        (root / "lock").symlink_to(f"{holder.pid} {boot} me@here")
        process, _, reply = hold(sh, root, take=True)
        holder.wait(timeout=20)
    assert reply.word == "ready"
    assert os.readlink(root / "lock").startswith(f"{process.pid} ")  # noqa: PTH115
    close(process)


def test_who_holds_is_told_to_leave(sh, tmp_path):
    process, (_, work, number, _), _ = hold(sh, tmp_path / "root")
    assert sh(programs.RELEASE, number) == ("", Reply("done", ""))
    assert not Path(work).exists()
    assert ended([process.pid])
    close(process)


def test_what_others_left_is_cleared_and_what_is_theirs_stays(sh, tmp_path):
    root = tmp_path / "root"
    for name in ("work/job.12/deep", "work/mine", "blobs"):
        (root / name).mkdir(parents=True)
    for name in (".edgecompress", "blobs/.part.77", "blobs/mine", f"blobs/{'a' * 64}", f"blobs/{'b' * 64}"):
        (root / name).touch()
    for name in ("blobs/mine", f"blobs/{'a' * 64}"):
        os.utime(root / name, (0, 0))
    (root / "lock").symlink_to("1 another-boot me@here")
    process, _, reply = hold(sh, root)
    assert reply.word == "ready"
    assert sorted(path.name for path in (root / "blobs").iterdir()) == ["b" * 64, "mine"]
    assert sorted(path.name for path in (root / "work").iterdir()) == [f"job.{process.pid}", "mine"]
    close(process)


def test_a_folder_of_somebody_is_left_alone(sh, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "file").touch()
    process, _, reply = hold(sh, tmp_path / "theirs")
    assert reply == Reply("foreign", str(tmp_path / "theirs"))
    close(process)
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["file"]


@pytest.mark.parametrize(("folder", "where"), [("", "usual"), ("~/a b", "a b"), ("c/d", "c/d")])
def test_where_everything_is_kept(sh, tmp_path, folder, where):
    process, words, _ = hold(sh, folder)
    assert words[0] == str(tmp_path / "home" / where)
    close(process)


def test_a_folder_that_cannot_be_made_says_why(sh, tmp_path):
    (tmp_path / "file").touch()
    process, token = sh.start(programs.HOLD, [tmp_path / "file" / "below", "", "me", "wait"])
    parts = []
    answer = Answer(token, parts.append)
    answer(process.stdout.read())
    close(process)
    assert answer.reply().word == "folder"
    assert b"Not a directory" in b"".join(parts)


def test_no_script_is_longer_than_what_old_adb_takes():
    texts = [getattr(programs, name) for name in ("HOLD", "RELEASE", "RUN", "PLACE", "ACCEPT", "FETCH", "REMOVE")]
    assert max(len(script(text, ["/data/local/tmp/edgecompress"] * 4)[1]) for text in texts) < 4000


def numbers():
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def stat_of(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return ["Z", "", "", "0"]


def session(number):
    return int(stat_of(number)[3])


def ended(processes, seconds=10):
    end = time.monotonic() + seconds
    while any(stat_of(number)[0] != "Z" for number in processes) and time.monotonic() < end:
        time.sleep(0.02)
    return all(stat_of(number)[0] == "Z" for number in processes)
