"""The place of a store: a file's path or a database's URL, given, from the environment, or in the user's folder."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from edgecompress.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import URL

VARIABLE = "EDGECOMPRESS_STORE"
NONE = "none"
_KINDS = "a file's path, sqlite:///PATH or postgresql://USER@HOST/NAME"


def place(given: str | None) -> str:
    """The name of the store: ``given``, or the environment's, or the user's own file. ``none``: there is to be none."""
    return given or os.environ.get(VARIABLE) or str(platformdirs.user_data_path("edgecompress") / "records.sqlite")


def url(where: str) -> "URL":
    """``where`` as SQLAlchemy takes it.

    Raises:
        InputError: it is no place for a store.
    """
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if where == NONE:
        raise InputError(f"the store is switched off ('{NONE}'): give --store {_KINDS}")
    if "://" not in where:
        return URL.create("sqlite", database=str(Path(where).expanduser()))
    try:
        made = make_url(where)
    except ArgumentError as error:
        raise InputError(f"'{where}' is no URL: write {_KINDS}") from error
    backend = made.get_backend_name()
    if backend not in ("sqlite", "postgresql") or (backend == "sqlite" and made.database in (None, "", ":memory:")):
        raise InputError(f"no store can be kept in '{made.render_as_string()}': write {_KINDS}")
    return with_driver(made)


def with_driver(made: "URL") -> "URL":
    """``made``, if of PostgreSQL and of no driver, with ours: which one it means depends on SQLAlchemy's release."""
    return made.set(drivername="postgresql+psycopg") if made.drivername == "postgresql" else made
