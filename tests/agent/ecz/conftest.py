"""What a writer writes, read back: blocks with whatever a test puts into them."""

import itertools
import struct

import numpy as np
import pytest

from edgecompress.agent.ecz import blocks
from edgecompress.agent.ecz.head import Head
from edgecompress.agent.ecz.integers import Streams
from edgecompress.agent.ecz.rans import Lanes


@pytest.fixture(scope="session")
def opened():
    """The head and the streams of a block that was written."""

    def read(block):
        payload = block.payload()
        _, packed, lanes, head, words, extra, plain = blocks.SECTIONS_HEAD.unpack_from(payload)
        ends = [blocks.SECTIONS_HEAD.size]
        for length in (head, 4 * lanes, 2 * words, extra, plain):
            ends.append(ends[-1] + length)
        parts = [payload[start:stop] for start, stop in itertools.pairwise(ends)]
        decoder = Lanes(np.frombuffer(parts[1], "<u4"), np.frombuffer(parts[2], "<u2"))
        return Head(blocks.inflate(parts[0], packed, 1 << 20)), Streams(decoder, parts[3], parts[4])

    return read


@pytest.fixture(scope="session")
def section_block():
    """A block of sections of nothing but a head and plain bytes."""

    def make(head, plain=b"", *, lanes=0, states=b"", words=0):
        lengths = struct.pack("<BBHIIII", 0, 0, lanes, len(head), words, 0, len(plain))
        return lengths + head + states + plain

    return make
