"""Saying what was expected and did not hold."""

import re
from collections.abc import Callable


def expect(holds: object, what: str) -> None:
    """Make sure that something ``holds``.

    Raises:
        AssertionError: it does not; the line is ``what``.
    """
    if not holds:
        raise AssertionError(what)


def refuses(error: type[Exception], match: str, call: Callable[[], object], what: str) -> None:
    """Make sure that ``call`` raises ``error`` with a message in which the pattern ``match`` is found.

    Raises:
        AssertionError: it does not raise, or with another message; another error passes through.
    """
    try:
        call()
    except error as found:
        expect(re.search(match, str(found)), f"{what} says '{found}', where '{match}' is expected")
        return
    raise AssertionError(f"{what} raises no {error.__name__}")
