"""The same store in a real PostgreSQL server of the test's own, on a socket in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from edgecompress.errors import InputError
from edgecompress.store.store import open_store

from .contract import holds
from .test_store import write_together

pytest.importorskip("psycopg")
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
pytestmark = pytest.mark.slow


def as_user():
    """postgres refuses to run as root: Debian's package makes a user for it."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}


@pytest.fixture(scope="module")
def server():
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
            process.terminate()
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(server, request):
    programs, folder = server
    name = f"db{abs(hash(request.node.name))}"
    subprocess.run([programs / "createdb", "-h", folder, "-U", "edge", name], check=True)
    return f"postgresql://edge@/{name}?host={folder}"


def test_it_does_what_every_store_does(database, bench_record, manifest):
    with open_store(database) as store:
        holds(store, bench_record, manifest)
    with open_store(database) as store:  # its tables are there now
        assert len(store.find()) == 3


def test_two_processes_make_it_and_write_at_the_same_time(database, request):
    write_together(database, request.path.parents[1] / "golden" / "bench-1.json")


def test_who_may_not_make_tables_reads_and_writes_those_that_are_there(database, server, bench_record):
    programs, folder = server
    with open_store(database):
        pass
    sql = (
        "CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; "
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO guest"
    )
    psql = [programs / "psql", "-q", "-h", folder, "-U", "edge", "-c", sql, database.split("/")[3].split("?")[0]]
    subprocess.run(psql, check=True)
    with open_store(database.replace("edge@", "guest@")) as store:
        number, _ = store.add(bench_record)
        assert store.get(number)[1] == bench_record.to_json()


def test_a_server_that_is_not_there_is_one_line(tmp_path):
    address = f"postgresql://me:secret@/db?host={tmp_path}"
    with pytest.raises(InputError, match="cannot be used") as caught, open_store(address):
        pass
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
