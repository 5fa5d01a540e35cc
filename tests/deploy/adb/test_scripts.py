"""Scripts, in every shell that is here: what boards have is dash, busybox's ash or bash, and Android has mksh."""

import hashlib
import os
import shutil
import subprocess

import pytest

from edgecompress.deploy.adb import scripts
from edgecompress.deploy.adb.trailer import Told, Trailer

SHELLS = [["dash"], ["bash"], ["busybox", "sh"], ["mksh"]]
NAMES = ["plain", "it's", 'a "b" $HOME', "new\nline", "-n", "日本"]


@pytest.fixture(params=SHELLS, ids=" ".join)
def sh(request):
    """Runs a script as adbd does, with a stdin that stays open: what came before the mark, and what it told."""
    if shutil.which(request.param[0]) is None:
        pytest.skip(f"there is no {request.param[0]} here")

    def run(script, mark="MARK"):
        process = subprocess.Popen(
            [*request.param, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        parts = []
        trailer = Trailer(mark, parts.append)
        trailer(process.stdout.read())
        process.stdin.close()
        process.stdout.close()
        process.wait()
        return b"".join(parts).decode(), trailer.told()

    return run


def test_a_program_and_its_end(sh, tmp_path):
    code = 'printf "%s|" "$@"; echo bad >&2; exit 7'
    assert sh(scripts.run("MARK", str(tmp_path), ["sh", "-c", code, *NAMES])) == (
        "".join(f"{name}|" for name in NAMES[1:]),
        Told("ended", 7, "bad\n"),
    )
    assert sh(scripts.run("MARK", str(tmp_path), ["no such 'program'"])) == ("", Told("absent", 0, ""))
    assert sh(scripts.run("MARK", str(tmp_path / "gone"), ["true"])) == ("", Told("gone", 0, ""))
    (tmp_path / "here").write_text("#!/bin/sh\necho $TMPDIR")
    (tmp_path / "here").chmod(0o755)
    assert sh(scripts.run("MARK", str(tmp_path), ["./here"]))[0] == f"{tmp_path}\n"


def test_only_the_end_of_stderr_is_told(sh, tmp_path):
    code = "i=0; while [ $i -lt 9000 ]; do echo line$i >&2; i=$((i + 1)); done"
    _, told = sh(scripts.run("MARK", str(tmp_path), ["sh", "-c", code]))
    assert told.more.endswith("line8999\n")
    assert len(told.more) == 64 * 1024


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_accepted_whole_and_placed_again_by_its_sum(sh, tmp_path, name):
    content = os.urandom(1000)
    digest = hashlib.sha256(content).hexdigest()
    part, blob, target = tmp_path / "part", tmp_path / "blob", tmp_path / "deep" / name
    part.write_bytes(content)
    assert sh(scripts.own("MARK", scripts.accept(str(part), digest, str(target), str(blob)))) == (
        "",
        Told("ended", 0, ""),
    )
    assert target.read_bytes() == blob.read_bytes() == content
    assert not part.exists()
    target.unlink()
    assert sh(scripts.own("MARK", scripts.place(str(blob), digest, str(target))))[1].number == 0
    assert target.read_bytes() == content
    assert sh(scripts.own("MARK", scripts.digest(str(target)))) == (f"{digest}\n", Told("ended", 0, ""))
    assert sh(scripts.own("MARK", scripts.remove(str(target))))[1].number == 0
    assert not target.exists()


def test_what_is_damaged_or_absent_is_not_taken(sh, tmp_path):
    part, blob, target = tmp_path / "part", tmp_path / "blob", tmp_path / "target"
    part.write_bytes(b"half")
    said, told = sh(scripts.own("MARK", scripts.accept(str(part), "0" * 64, str(target))))
    assert (said, told.number) == ("it arrived damaged\n", 1)
    assert not part.exists()
    assert sh(scripts.own("MARK", scripts.place(str(blob), "0" * 64, str(target))))[1].number != 0
    blob.write_bytes(b"rotten")
    assert sh(scripts.own("MARK", scripts.place(str(blob), "0" * 64, str(target))))[1].number != 0
    assert not target.exists()
    said, told = sh(scripts.own("MARK", scripts.digest(str(target))))
    assert (said, told.number) == ("there is no such file\n", 1)
