"""Every coder and every mixture of tensors: each bit comes back, in exactly the bytes that were counted before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.encode import group
from edgecompress.encode.coders import split
from edgecompress.encode.group import Coder
from edgecompress.encode.member import Member
from edgecompress.encode.weights import Weights


def check(encoded, arrays):
    decoded = group.decode(encoded)
    assert decoded.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (decoded[name].shape, decoded[name].dtype) == (array.shape, np.float32)
        assert decoded[name].tobytes() == array.tobytes()


def many_values(distinct, zeros):
    """``distinct`` different nonzero bit patterns among ``zeros`` zeros, shuffled."""
    patterns = np.concatenate([np.arange(1, distinct + 1, dtype=np.uint32) * 65_537, np.zeros(zeros, np.uint32)])
    return np.random.default_rng(1).permutation(patterns).view(np.float32)


@settings(max_examples=25)
@given(data=st.data())
def test_any_array_in_any_coders(float_arrays, members_of, value_coders, grouped, gap_coder, data):
    array = data.draw(float_arrays)
    for member in members_of(array):
        gaps = [(gap_coder, ["w"])] if member.sparse else []
        filled = member.filled(gap_coder.bits) if member.sparse and gap_coder.kind == "wavelet" else member
        for coder in value_coders([filled]):
            check(grouped([member], gaps, [(coder, ["w"])]), {"w": array})


LARGE = {
    "no value twice": many_values(70_000, 200_000),
    "255 values": many_values(255, 3000),
    "256 values": many_values(256, 3000),
    "257 values": many_values(257, 3000),
    "a last element after a million zeros": np.append(np.zeros(2**20 - 1, np.float32), np.float32(1)),
    "a first element before a million zeros": np.append(np.float32(1), np.zeros(2**20 - 1, np.float32)),
    "2^20 of two values": (np.random.default_rng(2).random((256, 4096)) < 0.1).astype(np.float32),
    "transposed": np.arange(24, dtype=np.float32).reshape(4, 6)[:, ::2].T,
}


@pytest.mark.parametrize("name", LARGE)
def test_large_and_odd_arrays(members_of, value_coders, grouped, name):
    array = LARGE[name]
    for member in members_of(array):
        for gap_coder in [Coder("rice", 0), Coder("escape", 2), Coder("wavelet", 0)] if member.sparse else [None]:
            filled = member.filled(0) if gap_coder == Coder("wavelet", 0) else member
            coder = value_coders([filled])[-1]
            check(grouped([member], [(gap_coder, ["w"])] if gap_coder else [], [(coder, ["w"])]), {"w": array})


@settings(max_examples=80)
@given(data=st.data())
def test_tensors_share_streams_of_gaps_and_of_values_independently(
    float_arrays, members_of, value_coders, grouped, data
):
    """Tensors of different shapes, sparsities and kinds of values, in any partition into streams, in any order."""
    members, arrays = [], {}
    for name in data.draw(st.lists(st.sampled_from("abcdefg"), min_size=1, unique=True)):
        array = data.draw(float_arrays)
        if found := members_of(array, name):
            arrays[name] = array
            members.append(data.draw(st.sampled_from(found)))
    gap_coders = st.sampled_from([Coder("rice", 2), Coder("escape", 3), Coder("wavelet", 0), Coder("wavelet", 2)])
    number = st.integers(0, 2)
    gaps, filled = [], {each.name: each for each in members}
    for names in _parts(data, [each.name for each in members if each.sparse], number):
        coder = data.draw(gap_coders)
        gaps.append((coder, names))
        if coder.kind == "wavelet":
            filled |= {name: filled[name].filled(coder.bits) for name in names}
    values = []
    for kind in ("palette", "float16", "float32"):
        for names in _parts(data, [name for name, each in filled.items() if each.values == kind], number):
            values.append((data.draw(st.sampled_from(value_coders([filled[name] for name in names]))), names))
    check(grouped(members, gaps, values), arrays)


def _parts(data, names, number):
    """The names in up to three streams."""
    streams = [[], [], []]
    for name in names:
        streams[data.draw(number)].append(name)
    return [found for found in streams if found]


@pytest.mark.parametrize(
    ("coder", "offsets"),
    [(Coder("rice", 1), [3, 0, 7]), (Coder("escape", 2), [3, 0, 7]), (Coder("wavelet", 0), [3, 0, 5])],
)
def test_offsets_are_where_the_tensors_before_end(grouped, coder, offsets):
    arrays = {"a": [0, 1, 0, 0], "b": [0, 1, 1], "c": [[2, 0, 0], [0, 1, 0]]}
    arrays = {name: np.array(values, np.float32) for name, values in arrays.items()}
    members = [Member.of(name, Weights(array), sparse=True) for name, array in arrays.items()]
    encoded = grouped(members, [(coder, ["c", "a", "b"])], [(Coder("packed", 8), ["a", "b", "c"])])
    # With a wavelet, what follows the last stored element of a tensor is not in the stream.
    assert [encoded.parts[name].offset for name in "abc"] == offsets
    check(encoded, arrays)


def test_tensors_of_a_stream_are_in_the_order_of_their_shapes(grouped, clustered):
    shapes = [(4, 3), (7,), (2, 3), (4, 5), (4, 3), (9,)]
    arrays = {
        str(n): clustered(shape, 0.5, 9, n) + np.eye(1, shape[-1], dtype=np.float32)[0]
        for n, shape in enumerate(shapes)
    }
    members = [Member.of(name, Weights(array), sparse=True) for name, array in arrays.items()]
    encoded = grouped(members, [(Coder("rice", 1), list(arrays))], [(Coder("packed", 8), list(arrays))])
    assert [part.shape for part in encoded.parts.values()] == [(7,), (9,), (2, 3), (4, 3), (4, 3), (4, 5)]
    check(encoded, arrays)


@settings(max_examples=40)
@given(data=st.data())
def test_tensors_whose_values_are_split(float_arrays, members_of, value_coders, grouped, data):
    """Alone, or beside a sparse one in the same stream of values."""
    arrays = {}
    for name in data.draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True)):
        array = data.draw(float_arrays)
        if array.size and split.fits(Weights(array).patterns):
            arrays[name] = array
    if not arrays:
        return
    members = [Member.of_split({name: Weights(array) for name, array in arrays.items()})]
    if members[0].palette is None:
        return
    other = np.array([0, 0, 3, 0, 7], np.float32)
    gaps = []
    if data.draw(st.booleans()):
        members.append(Member.of("other", Weights(other), sparse=True))
        gaps, arrays = [(Coder("rice", 1), ["other"])], {**arrays, "other": other}
    coder = data.draw(st.sampled_from(value_coders(members)))
    encoded = grouped(members, gaps, [(coder, [each.name for each in members])])
    assert encoded.labels().keys() == arrays.keys()
    check(encoded, arrays)


def test_labels_name_the_coders_of_each_tensor(grouped):
    halves = np.append(np.zeros(9, np.float32), np.arange(1, 400, dtype=np.float32))
    arrays = {"a": np.array([0, 1, 2, 0], np.float32), "b": np.ones(3, np.float32), "c": halves}
    members = [Member.of(name, Weights(array), sparse=name != "b") for name, array in arrays.items()]
    encoded = grouped(
        members,
        [(Coder("rice", 3), ["a"]), (Coder("wavelet", 2), ["c"])],
        [(Coder("wavelet", 1), ["a", "b"]), (Coder("float16"), ["c"])],
    )
    assert encoded.labels() == {"a": "rice3+wavelet1", "b": "wavelet1", "c": "wavelet2+float16"}
