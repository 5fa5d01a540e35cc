"""A folder, here or in a bucket: whatever fsspec opens by a URL (s3://, gs://, sftp://, memory://, a plain path)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.record import write_atomically

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]


class StudyStore:
    """Files in one folder by their names. No half-written file is ever seen under its name.

    Args:
        url: a path, or a URL with a protocol that fsspec knows.

    Raises:
        InputError: the protocol is unknown, or needs a package that is not installed, or the place cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files, self._root = _opened(url)
        self.local = Path(self._root) if "file" in _protocols(self._files) else None
        with _failing(self):
            self._files.makedirs(self._root, exist_ok=True)

    def read(self, name: str) -> bytes | None:
        """The content of the file; ``None`` if there is none.

        Raises:
            InputError: the place cannot be reached.
        """
        with _failing(self):
            try:
                content: bytes = self._files.cat_file(self._at(name))
            except FileNotFoundError:
                return None
            return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in the place of an older one.

        Raises:
            InputError: the place cannot be reached or written.
        """
        if self.local is not None:
            write_atomically(self.local / name, content)
            return
        with _failing(self), self._files.transaction, self._files.open(self._at(name), "wb") as file:
            file.write(content)

    def names(self) -> set[str]:
        """The names of all files.

        Raises:
            InputError: the place cannot be reached.
        """
        with _failing(self):
            self._files.invalidate_cache(self._root)
            try:
                found = self._files.ls(self._root, detail=False)
            except FileNotFoundError:  # a bucket has no empty folders
                return set()
        return {str(each).rstrip("/").rsplit("/", 1)[-1] for each in found}

    def fetch(self, path: Path) -> None:
        """Put the file of the name of ``path`` at ``path``, whole or not at all; nothing if there is none."""
        content = self.read(path.name)
        if content is not None:
            write_atomically(path, content)

    def publish(self, path: Path) -> None:
        """Keep the file ``path``, unless there is one of its name."""
        with _failing(self):
            self._files.invalidate_cache(self._root)
            known = self._files.exists(self._at(path.name))
        if not known:
            self.write(path.name, path.read_bytes())

    def _at(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def _opened(url: str) -> tuple["AbstractFileSystem", str]:
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "a study needs fsspec, which is not installed: pip install 'edgecompress[study]'"
        ) from error
    try:
        files, root = url_to_fs(url)
    except ImportError as error:  # fsspec's own line names the package
        raise MissingDependencyError(f"{url}: {error}") from error
    except ValueError as error:
        raise InputError(f"{url}: {error}; give a folder, or a URL such as s3://bucket/folder") from error
    except Exception as error:
        raise _unreachable(url, error) from error
    return files, str(root)


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


@contextmanager
def _failing(store: StudyStore) -> Iterator[None]:
    """Turn an error of a file system into one line. Each has errors of its own library, so any is meant here."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise _unreachable(store.url, error) from error


def _unreachable(url: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"cannot use {url}: {reason}; check the address, the credentials and the network")
