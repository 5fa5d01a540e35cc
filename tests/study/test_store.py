import pytest

from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.study.store import StudyStore


@pytest.fixture(params=["folder", "memory", "bucket"])
def url(request, tmp_path):
    if request.param == "bucket":
        return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"
    return str(tmp_path / "new" / "folder") if request.param == "folder" else f"memory://{tmp_path.name}/folder"


def test_what_is_written_is_read_by_another_and_replaced(url):
    one, other = StudyStore(url), StudyStore(url)
    assert one.names() == set()
    assert one.read("a.json") is None
    one.write("a.json", b"first")
    assert other.read("a.json") == b"first"
    other.write("a.json", b"second")
    one.write("b.json", b"")
    assert one.read("a.json") == b"second"
    assert other.read("b.json") == b""
    assert one.names() == other.names() == {"a.json", "b.json"}


def test_files_travel_whole_and_what_is_there_already_is_not_sent_again(url, tmp_path):
    here, there = tmp_path / "here" / "stage", tmp_path / "there" / "stage"
    here.parent.mkdir()
    here.write_bytes(bytes(range(256)) * 40_000)  # more than the smallest part of an upload in parts
    store = StudyStore(url)
    store.fetch(there)
    assert not there.exists()
    store.publish(here)
    StudyStore(url).fetch(there)
    assert there.read_bytes() == here.read_bytes()
    here.write_bytes(b"of the same name, so of the same content")
    store.publish(here)
    store.fetch(there)
    assert len(there.read_bytes()) == 256 * 40_000


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    store = StudyStore(str(tmp_path))
    store.write("a.json", b"whole")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space"):
        store.write("a.json", b"other")
    assert store.read("a.json") == b"whole"
    assert store.names() == {"a.json"}


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("nothing-like-this://x", InputError, "give a folder, or a URL"),
        ("dvc://x/y", MissingDependencyError, "dvc"),
        ("ftp://127.0.0.1:1/x", InputError, "cannot use ftp.*refused.*check the address"),
    ],
)
def test_a_place_that_cannot_be_used_is_one_line(url, error, says):
    with pytest.raises(error, match=says):
        StudyStore(url)
