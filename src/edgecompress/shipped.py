"""The files that ship with the package: inside it when installed, at the repository's root in a checkout."""

import tomllib
from pathlib import Path
from typing import Any

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.record import read_bytes

_PACKAGE = Path(__file__).parent


def folder(kind: str) -> Path:
    """The folder of the shipped ``targets``, ``recipes`` or ``docs``."""
    installed = _PACKAGE / "_shipped" / kind
    return installed if installed.is_dir() else _PACKAGE.parents[1] / kind


def names(kind: str) -> list[str]:
    """The names of all shipped files of one kind, sorted."""
    return sorted(path.stem for path in folder(kind).glob("*.md" if kind == "docs" else "*.toml"))


def document(name: str) -> str:
    """The text of a shipped document: by its name, or as the repository calls it (``docs/NAME.md``).

    Raises:
        InputError: there is none; the line has the nearest and all of them.
    """
    wanted = name.removeprefix("docs/").removesuffix(".md")
    if wanted not in names("docs"):
        raise InputError(methods.unknown("document", wanted, names("docs")))
    return (folder("docs") / f"{wanted}.md").read_text(encoding="utf-8")


def path_of(kind: str, name: str) -> Path:
    """The file that ``name`` means: a path to a TOML file of the user's own, or the name of a shipped one.

    Raises:
        InputError: neither exists.
    """
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise InputError(
                f"{kind[:-1]} file '{name}' does not exist; give the path of a TOML file or a shipped name"
            )
        return Path(name)
    if name not in names(kind):
        raise InputError(methods.unknown(kind[:-1], name, names(kind)))
    return folder(kind) / f"{name}.toml"


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InputError: it cannot be read, or is not TOML; the line names the file and the place.
    """
    try:
        # Editors on Windows write a byte order mark, which TOML knows nothing of.
        return tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except ValueError as error:
        raise InputError(f"cannot read {path}: {error}") from error
    except RecursionError as error:
        raise InputError(f"cannot read {path}: it is nested too deeply; write its tables out") from error
