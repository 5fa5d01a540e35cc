import os
import subprocess

import pytest

from edgecompress.deploy.clean import clean
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import MARK
from edgecompress.deploy.transports.local import local
from edgecompress.errors import InputError, RuntimeFailedError


def test_what_was_made_is_removed_and_nothing_else(tmp_path):
    kept = tmp_path / "kept"
    for name in ("blobs", "work/job.12", "environment/bin", "mine"):
        (kept / name).mkdir(parents=True)
    (kept / "blobs" / ("a" * 64)).touch()
    with local() as connection:
        connection.root = str(kept)
        with pytest.raises(RuntimeFailedError, match="it is none of ours"):
            clean(connection)
        (kept / MARK).touch()
        for precious in ("work/mine", "blobs/mine", "mine/x", "notes"):
            (kept / precious).touch()
        assert clean(connection).endswith("; 4 other files are left there")
        left = {str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()}
        assert left == {"work/mine", "blobs/mine", "mine/x", "notes"}


@pytest.mark.parametrize("name", ["work/precious", "blobs/old", "precious"])
def test_a_folder_with_files_and_without_our_mark_is_left_alone(open_board, tmp_path, name):
    path = tmp_path / "theirs" / name
    path.parent.mkdir(parents=True)
    path.touch()
    os.utime(path, (0, 0))
    with pytest.raises(InputError, match="not our mark"), open_board(tmp_path / "theirs"):
        pass
    assert [each for each in (tmp_path / "theirs").rglob("*") if each.is_file()] == [path]


def test_what_others_put_into_our_folder_stays(open_board, tmp_path):
    (tmp_path / "ours").mkdir()
    with open_board(tmp_path / "ours"):
        pass
    names = ("work/precious", "work/2024.csv", "blobs/old", "precious")
    precious = [tmp_path / "ours" / name for name in names]
    for path in precious:
        path.touch()
        os.utime(path, (0, 0))
    with open_board(tmp_path / "ours") as connection:
        clean(connection)
    assert all(path.exists() for path in precious)


def test_where_nothing_is_kept_nothing_is_done():
    with local() as connection:
        assert clean(connection) == "nothing is kept there"


@pytest.mark.skipif(os.getuid() != 0, reason="mounts a small file system")
def test_a_disk_that_is_full_can_still_be_cleaned(open_board, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=40", "none", str(small)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("may not mount here")
    try:
        with open_board(small / "root") as connection:
            for number in range(8):
                (tmp_path / "file").write_bytes(os.urandom(50_000))
                connection.push(tmp_path / "file", f"file{number}", Deadline.after(60))
        with pytest.raises(OSError, match="No space left"):
            for number in range(100):
                (small / f"others {number}").touch()
        with open_board(small / "root") as connection:
            clean(connection)
        assert not (small / "root").exists()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)
