import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edgecompress import temporary

MAKES = """
import sys, tempfile
from pathlib import Path
from edgecompress import temporary
temporary.use_own()
inside = tempfile.mkdtemp()
with temporary.folder(beside=Path(sys.argv[1])) as folder, temporary.file(beside=Path(sys.argv[1])) as file:
    (folder / "much").write_text("x")
    print(inside, folder, file, sep="\\n", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Registers and temporary files of the test's own, seen by its children too."""
    for name in ("cache", "tmp", "out"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(temporary, "_register", temporary._Register())
    return tmp_path


@pytest.fixture
def maker(home):
    process = subprocess.Popen(
        [sys.executable, "-c", MAKES, home / "out" / "bundle"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    process.made = [Path(process.stdout.readline().strip()) for _ in range(3)]
    yield process
    process.kill()
    process.communicate()


def left(home):
    return [path for name in ("tmp", "out") for path in (home / name).iterdir()]


def test_a_folder_and_a_file_are_gone_with_their_block(home):
    with temporary.folder() as folder, temporary.file(beside=home / "out" / "x") as file:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert file.parent == home / "out"
        (folder / "deep").mkdir()
    assert not folder.exists()
    assert not file.exists()
    with pytest.raises(RuntimeError), temporary.folder(beside=home / "out" / ("n" * 250)) as folder:
        raise RuntimeError
    assert left(home) == [] or all("edgecompress-" not in path.name for path in left(home))


def test_what_lives_is_left_alone_and_what_was_killed_is_swept(home, maker):
    assert all(path.exists() for path in maker.made)
    temporary.sweep()
    assert all(path.exists() for path in maker.made)
    maker.send_signal(signal.SIGKILL)
    maker.wait()
    assert len(left(home)) == 3
    temporary.sweep()
    assert left(home) == []
    assert list(temporary._registers().iterdir()) == []


def test_an_orderly_end_leaves_nothing_and_no_register(home, maker):
    maker.communicate()
    assert left(home) == []
    assert list(temporary._registers().iterdir()) == []


def test_a_register_that_names_what_is_not_ours_removes_nothing(home):
    precious = home / "out" / "precious"
    precious.mkdir()
    (home / "out" / "edgecompress-0123456789abcdef").symlink_to(precious)
    temporary._registers().mkdir(parents=True)
    register = temporary._registers() / "poisoned"
    lines = [f'"{precious}"', f'"{home}/out/edgecompress-0123456789abcdef"', '"relative"', "[1]", '"cut']
    register.write_text("\n".join(lines))
    temporary.sweep()
    assert precious.is_dir()
    assert list((home / "out").iterdir()) == [precious]
    assert not register.exists()


def test_where_no_register_can_be_written_all_goes_on(home, monkeypatch):
    (home / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "file"))
    with temporary.folder() as folder:
        assert folder.is_dir()
    temporary.sweep()
    assert not folder.exists()


def test_an_old_one_is_removed_by_its_name(home):
    with temporary.folder(beside=home / "out" / "bundle") as staging:
        old = staging.with_name(f"{staging.name}.old")
        old.mkdir()
        temporary.remove(old)
        assert not old.exists()
    assert tempfile.gettempdir()
