"""Warnings as callers get them."""

import warnings
from collections.abc import Callable
from functools import partial

Warn = Callable[[str], None]


def warned(warn: Warn | None) -> Warn:
    """The caller's function, or ``warnings.warn`` for the line that called the library."""
    return warn or partial(warnings.warn, stacklevel=3)
