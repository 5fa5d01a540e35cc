"""Finding a format: by the name of its folder, by a file's suffix, or by what a file says it is.

A format is a folder of this room with a module ``format``, or one of an installed package: an entry point of the group
``edgecompress.formats``, named as the format, whose value is its module ``format``. Nothing is registered otherwise.
"""

import functools
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import get_args

from edgecompress import formats as room
from edgecompress.errors import InputError
from edgecompress.formats.contract import Array, Container, Format
from edgecompress.target import Runtime

GROUP = "edgecompress.formats"
UNMARKED = "onnx"
"""The format of a file that nothing tells apart: Protocol Buffers have no mark of their own."""


def formats() -> list[Format]:
    """All formats of model files, by name."""
    return [each for each in _found() if isinstance(each, Format)]


def containers() -> list[Container]:
    """All formats that hold a model file."""
    return [each for each in _found() if isinstance(each, Container)]


def of_profiles() -> list[Format]:
    """The formats of the runtimes that a board's profile and a record can name: those that a build writes."""
    return [each for each in formats() if each.runtime in get_args(Runtime)]


def of_runtime(runtime: str) -> Format:
    """The format that a runtime runs."""
    return next(each for each in formats() if each.runtime == runtime)


def of_suffix(path: Path) -> Format | None:
    """The format that a file's name says; ``None``: that of no model file."""
    return next((each for each in formats() if each.suffix == path.suffix), None)


def has_decoders(path: Path) -> bool:
    """Whether operators before the weights decode them in files of this name, which ``unpack`` takes out."""
    found = of_suffix(path)
    return found is not None and found.unpack is not None


def of_start(start: bytes) -> Format | None:
    """The format whose mark stands in the first 8 bytes of a file; ``None``: there is none."""
    return next((each for each in formats() if each.recognise is not None and each.recognise(start)), None)


def of_file(path: Path) -> Format:
    """The format of a model file: by what its first bytes say, else by its name, else ``UNMARKED``.

    Raises:
        InputError: the file cannot be read, or is a container.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give an {suffixes()} file") from error
    if any(each.recognise(start) for each in containers()):
        raise InputError(f"{path} is a container; take the model out of it first: edgecompress unpack {path}")
    return of_start(start) or of_suffix(path) or unmarked()


def unmarked() -> Format:
    """The format ``UNMARKED``."""
    return next(each for each in formats() if each.name == UNMARKED)


def suffixes() -> str:
    """All suffixes of model files, for a sentence: ``.onnx or .tflite``."""
    *others, last = (each.suffix for each in formats())
    return f"{', '.join(others)} or {last}" if others else last


def each_weight(path: Path) -> Iterator[tuple[str, Array]]:
    """The weights of a model file by name, one after the other, as its runtime sees them.

    Raises:
        InputError: the file cannot be read, or is damaged.
        MissingDependencyError: its runtime is needed for that and not installed.
    """
    return of_file(path).read(path)


def _found() -> tuple[Format | Container, ...]:
    return _found_on(tuple(room.__path__), tuple(sys.path))


@functools.lru_cache(maxsize=4)
def _found_on(folders: tuple[str, ...], path: tuple[str, ...]) -> tuple[Format | Container, ...]:
    """The formats in these folders, and of the packages that are installed on this path."""
    own = {each.name: f"{room.__name__}.{each.name}.format" for each in pkgutil.iter_modules(folders) if each.ispkg}
    installed = {each.name: each.value for each in metadata.entry_points(group=GROUP) if path}
    return tuple(_loaded(name, own.get(name), installed.get(name, "")) for name in sorted({*own, *installed}))


def _loaded(name: str, own: str | None, module: str) -> Format | Container:
    """The format of a module of this package, or of one that is installed beside it."""
    if own is not None:
        made: Format | Container = importlib.import_module(own).FORMAT
        return made
    try:
        found = importlib.import_module(module).FORMAT
    except (ImportError, AttributeError) as error:
        raise InputError(f"the format '{name}' does not load ({error}); install it again, or remove it") from error
    if not isinstance(found, Format | Container) or found.name != name:
        raise InputError(f"the format '{name}': {module}.FORMAT is no Format of that name")
    return found
