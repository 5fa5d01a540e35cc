import pytest

from edgecompress.errors import InputError
from edgecompress.store.place import place, url


def test_given_then_environment_then_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGECOMPRESS_STORE", "/of/the/environment")
    assert place("given") == "given"
    assert place(None) == "/of/the/environment"
    monkeypatch.delenv("EDGECOMPRESS_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert place(None) == str(tmp_path / "edgecompress" / "records.sqlite")


def test_paths_and_urls():
    assert url("some folder/a?b.sqlite").database == "some folder/a?b.sqlite"
    assert url("sqlite:////tmp/a.sqlite").database == "/tmp/a.sqlite"
    assert url("postgresql://me@host/name").drivername == "postgresql+psycopg"


@pytest.mark.parametrize("where", ["none", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "://", "nosuch://x"])
def test_what_is_no_place_is_one_line(where):
    with pytest.raises(InputError, match="postgresql://USER@HOST/NAME"):
        url(where)


def test_a_password_is_not_repeated():
    with pytest.raises(InputError) as caught:
        url("mysql://me:secret@host/name")
    assert "secret" not in str(caught.value)
