"""``package.module:name`` and ``folder/file.py:name``: a function of the user's own, imported and called."""

import functools
import importlib
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from edgecompress.errors import InputError

_STANDARD_LIBRARY = {sysconfig.get_path("stdlib"), sysconfig.get_config_var("DESTSHARED")}


def is_callable(spec: str) -> bool:
    """Return whether ``spec`` is written as a function in a module, and not as a name or a path."""
    module, colon, name = spec.rpartition(":")
    return bool(colon) and name.isidentifier() and (module.endswith(".py") or _dotted(module))


def is_custom(spec: str) -> bool:
    """Return whether ``spec`` names a network of the user's own, and not a built-in one."""
    return is_callable(spec) or Path(spec).suffix in (".onnx", ".pt2")


def call(spec: str) -> Any:
    """Call the function ``spec`` without arguments.

    The current folder is searched before what is installed.

    Raises:
        InputError: it cannot be imported, is no function, needs arguments, or raises something.
    """
    function = find(spec)
    needed = _needed(function)
    if needed:
        raise InputError(f"{spec} needs arguments ({', '.join(needed)}); give a function that needs none and calls it")
    try:
        return function()
    except (Exception, SystemExit) as error:
        raise InputError(f"{spec} raised {_one_line(error)}") from error


def _dotted(name: str) -> bool:
    return bool(name) and all(part.isidentifier() for part in name.split("."))


def _needed(function: Callable[..., Any]) -> list[str]:
    """The names of the parameters that must be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is each.empty and each.kind not in variadic]


def find(spec: str) -> Callable[..., Any]:
    """The function that ``spec`` names, not called. The current folder is searched before what is installed.

    Raises:
        InputError: it cannot be imported, or is no function.
    """
    place, _, name = spec.rpartition(":")
    module = _from_file(Path(place)) if place.endswith(".py") else _from_path(place)
    if not hasattr(module, name):
        known = [each for each in vars(module) if not each.startswith("_") and callable(getattr(module, each))]
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else f"; it has {', '.join(known) or 'no functions'}"
        raise InputError(f"{place} has no '{name}'{hint}")
    found = getattr(module, name)
    if not callable(found):
        raise InputError(f"{spec} is a {type(found).__name__}; give a function")
    function: Callable[..., Any] = found
    return function


def source_of(spec: str) -> Path | None:
    """The Python file with the function that ``spec`` names, found without running any; ``None``: there is none."""
    place, _, _ = spec.rpartition(":")
    if place.endswith(".py"):
        return Path(place) if Path(place).is_file() else None
    if place in sys.modules:
        origin = getattr(sys.modules[place], "__file__", None)
    else:
        _search(Path.cwd())
        importlib.invalidate_caches()
        top, *rest = place.split(".")
        name, found = top, importlib.util.find_spec(top)
        for part in rest:
            if found is None or found.submodule_search_locations is None:
                return None
            name = f"{name}.{part}"
            found = PathFinder.find_spec(name, list(found.submodule_search_locations))
        origin = None if found is None else found.origin
    return Path(origin) if origin and origin.endswith(".py") else None


def _from_path(name: str) -> object:
    """The module of this name, from the current folder or the environment."""
    top = name.partition(".")[0]
    own = next((each for each in (Path(f"{top}.py"), Path(top)) if each.exists()), None)
    if own is not None and (top in sys.stdlib_module_names or top in _needed_here()):
        whose = "Python itself" if top in sys.stdlib_module_names else "a package that this program needs"
        raise InputError(f"'{top}' is a module of {whose}; rename {own}, or name the file, as {top}.py:function")
    _search(Path.cwd())
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise InputError(f"there is no module '{name}' here or in the environment; check the name") from error
        raise InputError(f"importing {name} raised {_one_line(error)}") from error
    except (Exception, SystemExit) as error:
        raise InputError(f"importing {name} raised {_one_line(error)}") from error


def _from_file(path: Path) -> object:
    """The module in a file."""
    if not path.is_file():
        raise InputError(f"{path} does not exist; give a Python file and a function in it, as nets/mine.py:make")
    name = f"edgecompress_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    _search(path.resolve().parent)
    sys.modules[name] = module  # a class in it can be copied only if its module is found
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InputError(f"importing {path} raised {_one_line(error)}") from error
    return module


def _search(folder: Path) -> None:
    """Find modules in ``folder`` too, from now on: what a module of the user's imports later must be found.

    Before what is installed, as in a script of the user's, but behind Python's own and what this program needs: a file
    ``random.py`` beside a network must not become a part of everything that runs here. The folder of the latest call
    comes first.
    """
    if not any(isinstance(finder, _Needed) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Needed())
    _FOLDERS.add(str(folder))
    if str(folder) not in sys.path:
        own = [place for place, each in enumerate(sys.path) if each in _STANDARD_LIBRARY]
        sys.path.insert(max(own, default=-1) + 1, str(folder))


_FOLDERS: set[str] = set()
"""The user's, that were added to the search path."""


class _Needed:
    """A finder of modules of packages that this program needs: not in folders of the user's."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that this program needs, in no folder of the user's; ``None`` for any other module."""
        if path is not None or name not in _needed_here():
            return None
        return PathFinder.find_spec(name, [each for each in sys.path if each not in _FOLDERS], target)


@functools.cache
def _needed_here() -> frozenset[str]:
    """The modules of installed packages that edgecompress and its extras require, and of what those require."""
    required, waiting = set(), ["edgecompress"]
    while waiting:
        name = waiting.pop()
        if name in required:
            continue
        required.add(name)
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        lines = [each for each in lines if "extra ==" not in each or (name == "edgecompress" and "dev" not in each)]
        waiting += [_canonical(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines]
    owners = metadata.packages_distributions().items()
    return frozenset(top for top, names in owners if any(_canonical(name) in required for name in names))


def _canonical(name: str) -> str:
    """A distribution's name as the packaging standard compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _one_line(error: BaseException) -> str:
    """An error in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
