"""Finding a method by its name: a method is one public function in a file of the same name.

A room that offers a choice (pruning criteria, schedules, clustering methods, formats, transports, report writers) is a
package. Each choice is a module in it whose name, with dashes as underscores, is the method's name, and which holds one
function of that name. A name that is a word of Python's own (``global``) ends in an underscore there. Nothing is
registered: a new file is a new choice.
"""

import importlib
import inspect
import keyword
import pkgutil
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from edgecompress.errors import InputError


def choices(package: str) -> list[str]:
    """The names of all methods in ``package`` (a dotted module name), sorted.

    Modules that start with ``_`` and ``contract`` are not methods.
    """
    path = importlib.import_module(package).__path__
    names = (module.name for module in pkgutil.iter_modules(path))
    methods = (name for name in names if not name.startswith("_") and name != "contract")
    return sorted(name.removesuffix("_").replace("_", "-") for name in methods)


def find(package: str, name: str) -> Callable[..., Any]:
    """The function of the method ``name`` in ``package``.

    Raises:
        InputError: there is no such method; the line lists the choices and the closest one.
    """
    known = choices(package)
    if name not in known:
        raise InputError(unknown(package.rsplit(".", 1)[-1].removesuffix("s"), name, known))
    module = f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")
    function: Callable[..., Any] = getattr(importlib.import_module(f"{package}.{module}"), module)
    return function


def keywords(function: Callable[..., Any]) -> list[str]:
    """The names of the keyword-only parameters of ``function``: the options that a method has."""
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]


def options(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given``, checked against the keyword-only parameters of ``function``.

    Raises:
        InputError: an option that the method does not have.
    """
    known = keywords(function)
    for name in given:
        if name not in known:
            raise InputError(unknown(f"option of {function.__name__}", name, known))
    return dict(given)


def unknown(kind: str, name: str, known: list[str]) -> str:
    """The one line for a name that does not exist: what was given, the closest name, and all names."""
    close = nearest(name, known)
    hint = f"did you mean '{close}'? Choose" if close else "choose"
    return f"unknown {kind} '{name}'; {hint} from: {', '.join(known) or '(none)'}"


def nearest(name: str, known: list[str]) -> str | None:
    """The one of ``known`` that is spelt most like ``name``; ``None``: none is like it."""
    return next(iter(get_close_matches(name, known, n=1)), None)
