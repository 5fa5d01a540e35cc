"""A micro-benchmark of a small network, really measured here once."""

import pytest

from edgecompress import target
from edgecompress.advise import subject
from edgecompress.advise.measure import measure
from edgecompress.progress import silent


@pytest.fixture(scope="session")
def network():
    return subject.identity("alexnet", "digits", 0.125)


@pytest.fixture(scope="session")
def record(network):
    board = target.load("rpi4")
    return measure("alexnet", network, board, device="local", mode="quick", threads=1, progress=silent)
