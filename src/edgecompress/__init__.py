"""edgecompress: compress a network, export files that stock runtimes load, measure them on the device.

What stands here is the library's front door (docs/python-api.md); it is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgecompress.library.files import inspect, pack, unpack
    from edgecompress.library.networks import cluster_, prune_
    from edgecompress.library.verification import verify

__version__ = "0.1.0"
__all__ = ["__version__", "cluster_", "inspect", "pack", "prune_", "unpack", "verify"]

_HOMES = {
    "cluster_": "networks",
    "inspect": "files",
    "pack": "files",
    "prune_": "networks",
    "unpack": "files",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgecompress' has no attribute {name!r}")
    return getattr(importlib.import_module(f"edgecompress.library.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
