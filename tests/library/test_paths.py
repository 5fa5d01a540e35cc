from pathlib import Path

from edgecompress.library.paths import path_of


def test_what_was_not_given_is_no_path():
    assert path_of(None) is None
    assert path_of("a/b") == path_of(Path("a/b")) == Path("a/b")
