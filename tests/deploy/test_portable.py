import io
import os
import subprocess
import sys
import tarfile

import pytest

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.portable import install
from edgecompress.deploy.transports.adb import adb
from edgecompress.deploy.transports.local import local
from edgecompress.errors import InputError, RuntimeFailedError


def archive(path, loader):
    """A runtime of this shape whose loader is a script: it tells what it is given."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {"ld.so": loader, "python3": "", "lib/libc.so.6": ""}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content.encode()))
    return path


@pytest.fixture
def connection(adb_devices, tmp_path):
    with adb(adb_devices.start(), folder=str(tmp_path / "kept there")) as opened:
        yield opened


def run(connection, *arguments):
    return connection.run(arguments, Deadline.after(60), lambda line: None)


def test_it_is_started_by_its_own_loader_with_its_own_libraries(connection, tmp_path):
    source = archive(tmp_path / "a.tar.gz", '#!/bin/sh\nprintf "%s\\n" "$PYTHONHOME" "$PYTHONPATH" "$@"')
    python = install(connection, source, Deadline.after(60))
    home = f"{connection.root}/environment"
    assert python == f"{home}/python"
    expected = [home, f"{home}/packages", "--library-path", f"{home}/lib", f"{home}/python3", "-c", "a 'b' $c"]
    assert run(connection, python, "-c", "a 'b' $c").output.splitlines() == expected


def test_the_same_is_installed_once_and_another_replaces_it(connection, tmp_path):
    source = archive(tmp_path / "a.tar.gz", "#!/bin/sh\necho first")
    python = install(connection, source, Deadline.after(60))
    run(connection, "sh", "-c", f"echo mark > '{connection.root}/environment/mark'")
    install(connection, source, Deadline.after(60))
    assert os.path.exists(f"{connection.root}/environment/mark")  # noqa: PTH110
    install(connection, archive(tmp_path / "b.tar.gz", "#!/bin/sh\necho second"), Deadline.after(60))
    assert run(connection, python).output == "second\n"
    assert sorted(os.listdir(connection.root)) == [".edgecompress", "blobs", "environment", "lock", "work"]  # noqa: PTH208


def test_one_that_does_not_run_there_is_one_line(connection, tmp_path):
    wrong = archive(tmp_path / "a.tar.gz", "\x7fELF of another machine")
    with pytest.raises(RuntimeFailedError, match="does not run there"):
        install(connection, wrong, Deadline.after(60))
    (tmp_path / "b.tar.gz").write_bytes(b"no archive")
    with pytest.raises(RuntimeFailedError, match="cannot unpack the runtime there: "):
        install(connection, tmp_path / "b.tar.gz", Deadline.after(60))
    with pytest.raises(InputError, match="make it with tools/arm64/portable"):
        install(connection, tmp_path / "absent", Deadline.after(60))


def test_what_is_there_stays_until_another_runs_there(connection, tmp_path):
    python = install(connection, archive(tmp_path / "a.tar.gz", "#!/bin/sh\necho first"), Deadline.after(60))
    silent = archive(tmp_path / "b.tar.gz", "#!/bin/sh\nexit 1")
    with pytest.raises(RuntimeFailedError, match=r"does not run there .*: no message"):
        install(connection, silent, Deadline.after(60))
    assert run(connection, python).output == "first\n"
    assert sorted(os.listdir(connection.root)) == [".edgecompress", "blobs", "environment", "lock", "work"]  # noqa: PTH208


def test_one_that_does_not_run_any_more_is_made_anew(connection, tmp_path):
    source = archive(tmp_path / "a.tar.gz", "#!/bin/sh\necho first")
    python = install(connection, source, Deadline.after(60))
    run(connection, "sh", "-c", f"echo exit 1 > '{connection.root}/environment/ld.so'")
    install(connection, source, Deadline.after(60))
    assert run(connection, python).output == "first\n"


def test_a_full_disk_is_told_and_costs_nothing_that_was_there(adb_devices, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root may mount a small disk")
    small = tmp_path / "small"
    small.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with adb(adb_devices.start(), folder=str(small / "kept")) as connection:
            python = install(connection, archive(tmp_path / "a.tar.gz", "#!/bin/sh\necho first"), Deadline.after(60))
            # It packs to 1 KiB: what is full is the place that it is unpacked in.
            big = archive(tmp_path / "b.tar.gz", "#!/bin/sh\n" + 400 * 1024 * "#")
            with pytest.raises(RuntimeFailedError, match="cannot unpack the runtime there: the disk is full there"):
                install(connection, big, Deadline.after(60))
            assert run(connection, python).output == "first\n"
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_this_machine_keeps_nothing(tmp_path):
    with local() as here, pytest.raises(RuntimeFailedError, match="nothing is kept on this device"):
        install(here, archive(tmp_path / "a.tar.gz", ""), Deadline.after(60))


def test_a_module_in_the_folder_where_it_is_tried_is_not_imported(connection, tmp_path):
    """The loader is this Python, which would find a module there before its own."""
    shadow = "import pathlib; pathlib.Path('imported').touch()"
    run(connection, "sh", "-c", f'for name in numpy psutil platform; do echo "{shadow}" > $name.py; done')
    loader = f'#!/bin/sh\nunset PYTHONHOME PYTHONPATH\nshift 3\nexec "{sys.executable}" "$@"'
    install(connection, archive(tmp_path / "a.tar.gz", loader), Deadline.after(60))
    assert "numpy.py" in run(connection, "ls").output
    assert "imported" not in run(connection, "ls").output
