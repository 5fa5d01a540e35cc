"""The number of threads that the runtimes get."""

from edgecompress.bench.machine import Conditions
from edgecompress.errors import InputError
from edgecompress.target import Target


def thread_count(
    given: int | None, board: Target, conditions: Conditions, *, emulated: bool = False
) -> tuple[int, str]:
    """The number of threads that the runtimes get, and why.

    Raises:
        InputError: more than one on an emulated processor, whose instructions are counted on one.
    """
    if emulated:
        if given not in (None, 1):
            raise InputError("an emulated processor counts instructions on one thread: leave --threads out")
        return 1, "an emulated processor"
    if given is not None:
        return given, "given"
    usable = len(conditions.affinity) if conditions.affinity else conditions.cores or 1
    if board.threads <= usable:
        return board.threads, f"the profile of {board.name}"
    return usable, f"the usable cores here; the profile of {board.name} has {board.threads}"
