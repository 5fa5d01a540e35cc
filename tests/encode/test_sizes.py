"""Beside these, the fixture ``grouped`` holds every size against what was encoded."""

import numpy as np
import pytest

from edgecompress.encode import group, sizes
from edgecompress.encode.group import Coder, Planned
from edgecompress.encode.member import Member
from edgecompress.encode.weights import Weights


def test_a_code_that_many_share_has_one_table():
    arrays = [np.random.default_rng(n).integers(0, 9, 50).astype(np.float32) for n in range(4)]
    members = [Member.of(str(n), Weights(array), sparse=False) for n, array in enumerate(arrays)]
    coder = Coder("wavelet", 0)
    alone = sum(sizes.size([], [Planned((each,), coder, 0)]) for each in members)
    assert sizes.size([], [Planned(tuple(members), coder, 0)]) <= alone - 3 * 8 * 9


@pytest.mark.parametrize("most", [2**31, 20_000, 1])
def test_rice_codes_share_the_last_byte_of_their_bits_as_far_as_sums_allow(monkeypatch, clustered, most):
    monkeypatch.setattr(group, "MOST_IN_A_PLANE", most)
    arrays = [clustered(5003 + n, 0.8, 9, n) for n in range(5)]
    members = [Member.of(str(n), Weights(array), sparse=True) for n, array in enumerate(arrays)]
    gaps = [Planned((each,), Coder("rice", n % 3), 0) for n, each in enumerate(members)]
    values = [Planned(tuple(members), Coder("packed", 4), 0)]
    encoded = group.encode(gaps, values)
    assert sizes.size(gaps, values) == encoded.size
    reached = [sum(len(stream.code.unary) << stream.code.k for stream in plane.streams) for plane in encoded.planes]
    assert all(reach <= most for reach in reached) or len(encoded.planes) == 5
    assert len(encoded.planes) in {2**31: [1], 20_000: [2, 3, 4], 1: [5]}[most]
    decoded = group.decode(encoded)
    assert all(decoded[str(n)].tobytes() == array.tobytes() for n, array in enumerate(arrays))
