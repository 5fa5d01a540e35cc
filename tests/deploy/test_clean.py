import os
import subprocess
import sys

import pytest

from edgecompress.deploy.clean import clean
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.adb import adb
from edgecompress.deploy.transports.local import local
from edgecompress.deploy.transports.ssh import ssh


def test_what_outlives_connections_is_removed(tmp_path):
    kept = tmp_path / "kept"
    (kept / "blobs").mkdir(parents=True)
    (kept / "blobs" / "a").write_bytes(b"x")
    with local() as connection:
        connection.root = str(kept)
        assert clean(connection) == f"removed {kept}"
        assert not kept.exists()
        assert clean(connection) == f"removed {kept}"  # again does no harm


def test_where_nothing_is_kept_nothing_is_done():
    with local() as connection:
        assert clean(connection) == "nothing is kept there"


@pytest.fixture(params=["ssh", "adb"])
def open_device(request):
    """Opens a connection to a device that keeps everything in a given folder."""
    if request.param == "ssh":
        address = request.getfixturevalue("sshd").address
        return lambda folder: ssh(address, python=sys.executable, folder=str(folder))
    serial = request.getfixturevalue("adb_devices").start()
    return lambda folder: adb(serial, python=sys.executable, folder=str(folder))


@pytest.mark.skipif(os.getuid() != 0, reason="mounts a small file system")
def test_a_disk_that_is_full_can_still_be_cleaned(open_device, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=40", "none", str(small)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("may not mount here")
    try:
        with open_device(small / "root") as connection:
            for number in range(8):
                (tmp_path / "file").write_bytes(os.urandom(50_000))
                connection.push(tmp_path / "file", f"file{number}", Deadline.after(60))
        with pytest.raises(OSError, match="No space left"):
            for number in range(100):
                (small / f"others {number}").touch()
        with open_device(small / "root") as connection:
            clean(connection)
        assert not (small / "root").exists()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)
