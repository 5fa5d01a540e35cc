"""A module run by this Python as a program, which looks for no module in the folder that it is started in."""

from __future__ import annotations

import sys

# What -P does, which Python has since 3.11. sys is compiled in: nothing is looked for before the path is right.
_WITHOUT_P = """
import sys
del sys.path[0]
import runpy
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def python(module: str, *arguments: str, since: tuple[int, int] = (3, 11)) -> list[str]:
    """The command; ``since`` is the Python that has ``-P``."""
    if sys.version_info >= since:
        return [sys.executable, "-P", "-m", module, *arguments]
    return [sys.executable, "-c", _WITHOUT_P, module, *arguments]
