import pytest

from edgecompress import target
from edgecompress.bench.threads import thread_count
from edgecompress.errors import InputError


def test_threads_are_those_given_or_the_boards_as_far_as_there_are_cores(measured):
    board = target.load("rpi4")
    here = {count: measured[0].before.model_copy(update={"affinity": list(range(count))}) for count in (2, 8)}
    assert thread_count(3, board, here[2]) == (3, "given")
    assert thread_count(None, board, here[8]) == (4, "the profile of rpi4")
    assert thread_count(None, board, here[2]) == (2, "the usable cores here; the profile of rpi4 has 4")


def test_an_emulated_processor_has_one(measured):
    board, here = target.load("rpi4"), measured[0].before
    assert thread_count(None, board, here, emulated=True) == (1, "an emulated processor")
    with pytest.raises(InputError, match="leave --threads out"):
        thread_count(2, board, here, emulated=True)
