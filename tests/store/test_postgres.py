"""The same store in a real PostgreSQL server."""

import subprocess

import pytest

from edgecompress.errors import InputError
from edgecompress.store.store import open_store

from .contract import holds
from .test_store import write_together

pytest.importorskip("psycopg")
pytestmark = pytest.mark.slow


def test_it_does_what_every_store_does(database, bench_record, manifest):
    with open_store(database) as store:
        holds(store, bench_record, manifest)
    with open_store(database) as store:  # its tables are there now
        assert len(store.find()) == 3


def test_two_processes_make_it_and_write_at_the_same_time(database, request):
    write_together(database, request.path.parents[1] / "golden" / "bench-1.json")


def test_who_may_not_make_tables_reads_and_writes_those_that_are_there(database, postgres, bench_record):
    programs, folder = postgres
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
