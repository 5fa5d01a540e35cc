"""edgecompress: compress a network, export files that stock runtimes load, measure them on the device.

What stands here is the library's front door (docs/python-api.md); it is imported when it is first used.
"""

import importlib
import sys
from types import ModuleType

TYPE_CHECKING = False  # as typing's, which takes longer to import than all else here
if TYPE_CHECKING:
    from edgecompress.library.advising import advise
    from edgecompress.library.bundles import Bundle, build
    from edgecompress.library.comparing import compare
    from edgecompress.library.compressing import compress
    from edgecompress.library.compressor import Compressor
    from edgecompress.library.exporting import export
    from edgecompress.library.files import inspect, pack
    from edgecompress.library.networks import cluster_, prune_
    from edgecompress.library.running import run
    from edgecompress.library.searching import search
    from edgecompress.library.studying import study
    from edgecompress.library.unpacking import unpack
    from edgecompress.library.verification import verify

__version__ = "0.1.0"
__all__ = [
    "Bundle",
    "Compressor",
    "__version__",
    "advise",
    "build",
    "cluster_",
    "compare",
    "compress",
    "export",
    "inspect",
    "pack",
    "prune_",
    "run",
    "search",
    "study",
    "unpack",
    "verify",
]

_HOMES = {
    "Bundle": "bundles",
    "Compressor": "compressor",
    "advise": "advising",
    "build": "bundles",
    "cluster_": "networks",
    "compare": "comparing",
    "compress": "compressing",
    "export": "exporting",
    "inspect": "files",
    "pack": "files",
    "prune_": "networks",
    "run": "running",
    "search": "searching",
    "study": "studying",
    "unpack": "unpacking",
    "verify": "verification",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgecompress' has no attribute {name!r}")
    return getattr(importlib.import_module(f"edgecompress.library.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Door(ModuleType):
    """The package: it keeps ``export`` and ``compress`` functions, where an import would set them to the rooms."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Door
