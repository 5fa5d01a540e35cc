"""A metric of the user's own in a Python source: its function, and the number that it gives for outputs and targets."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import JobError, first_line

_MODULE = "metric_of_the_bundle"


def load(path: Path, name: str) -> Callable[..., Any]:
    """The function of that name in a source, which is run.

    The source is text in UTF-8, whatever its first lines say of another encoding: what runs is what was shown.

    Raises:
        JobError: it cannot be run here, or has no such function.
    """
    module = ModuleType(_MODULE)
    sys.modules[_MODULE] = module  # a dataclass looks its own module up
    try:
        exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), module.__dict__)  # noqa: S102
    except (Exception, SystemExit) as error:  # whatever the user's own code raises
        raise JobError(f"{path.name} raised {type(error).__name__}: {first_line(error)}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise JobError(f"{path.name} has no function '{name}'")
    return function  # type: ignore[no-any-return]


def arranged(layout: Any, outputs: Any) -> Any:
    """The outputs as a network gives them: ``layout`` has their places or names, in lists for tuples and in dicts."""
    if isinstance(layout, dict):
        return {name: arranged(each, outputs) for name, each in layout.items()}
    if isinstance(layout, list):
        return tuple(arranged(each, outputs) for each in layout)
    return outputs[layout]


def names(layout: Any) -> Iterator[str]:
    """The names in a layout, in the network's order.

    Raises:
        JobError: it has something else in it.
    """
    if isinstance(layout, (list, dict)):
        for each in layout.values() if isinstance(layout, dict) else layout:
            yield from names(each)
    elif isinstance(layout, str):
        yield layout
    else:
        raise JobError(f"a layout has names of outputs, lists and objects (given {layout!r})")


def value(function: Callable[..., Any], layout: Any, outputs: Mapping[Any, Any] | list[Any], targets: Any) -> float:
    """The metric of outputs, as one finite number.

    Raises:
        JobError: it raises something, or gives no such number.
    """
    try:
        found = float(function(arranged(layout, outputs), targets))
    except (Exception, SystemExit) as error:  # whatever the user's own code raises
        raise JobError(f"the metric raised {type(error).__name__}: {first_line(error)}") from error
    if not math.isfinite(found):
        raise JobError(f"the metric is {found}")
    return found
