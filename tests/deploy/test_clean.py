from edgecompress.deploy.clean import clean
from edgecompress.deploy.transports.local import local


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
