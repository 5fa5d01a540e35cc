"""A real PostgreSQL server of the tests' own, on a socket in a temporary folder."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def as_user():
    """postgres refuses to run as root: Debian's package makes a user for it."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}


@pytest.fixture(scope="session")
def postgres():
    """Its programs' folder, and that of its socket."""
    initdb = shutil.which("initdb") or (PROGRAMS and str(PROGRAMS[-1] / "initdb"))
    if not initdb:
        pytest.skip("no PostgreSQL server here (Debian: postgresql)")
    programs = Path(os.path.realpath(initdb)).parent
    # A socket's path is short, so it is not in pytest's own folder.
    folder = Path(tempfile.mkdtemp(prefix="edgecompress-pg-"))
    try:
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        environment = {**os.environ, "LC_ALL": "C"}
        command = [initdb, "-D", data, "-U", "edge", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment, **as_user())
        command = [programs / "postgres", "-D", data, "-k", folder, "-h", "", "-F"]
        log = (folder / "log").open("w")
        process = subprocess.Popen(command, stderr=log, stdout=log, cwd=folder, env=environment, **as_user())
        try:
            for _ in range(300):
                if (folder / ".s.PGSQL.5432").exists() and "ready to accept" in (folder / "log").read_text():
                    break
                time.sleep(0.1)
            else:
                raise RuntimeError((folder / "log").read_text())
            yield programs, folder
        finally:
            process.send_signal(signal.SIGINT)  # the shutdown that does not wait for clients to leave
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres):
    """The URL of an empty database."""
    programs, folder = postgres
    name = f"db{secrets.token_hex(8)}"
    subprocess.run([programs / "createdb", "-h", folder, "-U", "edge", name], check=True)
    return f"postgresql://edge@/{name}?host={folder}"
