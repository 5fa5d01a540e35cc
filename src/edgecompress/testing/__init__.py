"""Checks of what methods of others owe: a pruning criterion, a clustering algorithm, a file format, a transport.

Each takes the method itself and raises an ``AssertionError`` that says what it breaks. This package's own methods are
held against them too. See docs/extending.md.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgecompress.testing.clustering import check_clustering
    from edgecompress.testing.criteria import check_criterion
    from edgecompress.testing.formats import check_format
    from edgecompress.testing.transports import check_transport

__all__ = ["check_clustering", "check_criterion", "check_format", "check_transport"]

_HOMES = {
    "check_clustering": "clustering",
    "check_criterion": "criteria",
    "check_format": "formats",
    "check_transport": "transports",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgecompress.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"edgecompress.testing.{_HOMES[name]}"), name)
