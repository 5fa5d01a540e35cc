"""The built-in networks. Each file holds one function of its name; ``model.load.network`` finds it."""

from edgecompress import methods
from edgecompress.errors import InputError


def check(name: str) -> None:
    """Make sure that there is a network of this name, without loading it.

    Raises:
        InputError: there is none; the line lists those there are.
    """
    known = methods.choices(__name__)
    if name not in known:
        raise InputError(methods.unknown("network", name, known))
