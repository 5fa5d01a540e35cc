"""Arrays of awkward bit patterns, and every way in which tensors can be stored together."""

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgecompress.encode import bits, group, sizes
from edgecompress.encode.coders import escape
from edgecompress.encode.group import Coder, Group, Planned
from edgecompress.encode.member import GAP_LOW, INDEX_LOW, RICE, Member
from edgecompress.encode.partition import Costs
from edgecompress.encode.weights import Weights

# +0.0, -0.0, 1.0, infinities, quiet and signalling NaN with payloads, least denormal, largest float
SPECIAL = [0, 0x80000000, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00001, 0xFFA5A5A5, 0x7F800001, 1, 0x7F7FFFFF]

# Bytes that a file format spends on operators: many, and none.
PAID = Costs(
    member=100,
    alike=100,
    sparse=200,
    split=40,
    coder={"rice": 350, "escape": 250, "wavelet": 220, "packed": 45, "float16": 75, "float32": 50},
    unpacking=250,
    level=215,
)
FREE = Costs(member=0, alike=0, sparse=0, split=0, coder=dict.fromkeys(PAID.coder, 0), unpacking=0, level=0)

GAP_CODERS = [
    *(Coder("rice", k) for k in RICE),
    *(Coder("escape", width) for width in escape.WIDTHS),
    *(Coder("wavelet", k) for k in GAP_LOW),
]


@st.composite
def _float_arrays(draw):
    shape = draw(st.one_of(st.just(()), array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=7)))
    sparse, binary = st.sampled_from([0] * 12 + SPECIAL), st.sampled_from([0, 0x3F800000])
    halves = st.floats(width=16).map(lambda value: int(np.float32(value).view(np.uint32)))
    elements = draw(st.sampled_from([sparse, binary, halves, st.integers(0, 2**32 - 1), st.just(0)]))
    return draw(arrays(np.uint32, shape, elements=elements)).view(np.float32)


@pytest.fixture(scope="session")
def float_arrays():
    """The strategy: float32, 0-D to 5-D, sparse, two-valued, of float16 values, of any bits, all zero, or empty."""
    return _float_arrays()


@pytest.fixture(scope="session")
def clustered():
    """A function: weights of ``values`` different numbers, of which about a fraction ``sparsity`` is +0.0."""

    def make(shape, sparsity, values, seed=0):
        generator = np.random.default_rng(seed)
        array = generator.choice(generator.normal(size=values).astype(np.float32), shape)
        array[generator.random(shape) < sparsity] = 0
        return array

    return make


@pytest.fixture(scope="session")
def members_of():
    """A function: the array as each kind of member that it can be: with only its nonzeros stored, and with all."""

    def make(array, name="w"):
        weights = Weights(array)
        sparse = Member.of(name, weights, sparse=True)
        whole = Member.of(name, weights, sparse=False)
        return [
            *([sparse] if 0 < sparse.count < array.size else []),
            *([whole] if array.size and whole.palette else []),
        ]

    return make


@pytest.fixture(scope="session")
def value_coders():
    """A function: every coder that can store the values of members of one kind."""

    def coders(members):
        if members[0].values != "palette":
            return [Coder("float32"), *([Coder("float16")] if members[0].values == "float16" else [])]
        largest = max(len(each.palette.codebook) for each in members) - 1
        packed = range(bits.width(largest), bits.WIDEST + 1)
        return [*(Coder("packed", width) for width in packed), *(Coder("wavelet", k) for k in INDEX_LOW)]

    return coders


@pytest.fixture(scope="session")
def grouped():
    """A function: ``members`` in streams, after their gaps got the fillers that they need; the size was as planned,
    or less where a level of a wavelet matrix is skewed.

    ``gaps`` and ``values`` are pairs of a coder and the names of those in a stream of it.
    """

    def encode(members, gaps, values) -> Group:
        known = {each.name: each for each in members}
        for coder, names in gaps:
            if coder.kind == "wavelet":
                known |= {name: known[name].filled(coder.bits) for name in names}
        streams = [
            [Planned(tuple(known[name] for name in names), coder, 0) for coder, names in kind]
            for kind in (gaps, values)
        ]
        encoded = group.encode(*streams)
        skewed = any(getattr(stream.code, "skewed", None) for stream in (*encoded.gaps, *encoded.values))
        planned = sizes.size(*streams)
        assert encoded.size < planned if skewed else encoded.size == planned
        return encoded

    return encode


@pytest.fixture(scope="session", params=GAP_CODERS, ids=str)
def gap_coder(request):
    """Each coder of gaps."""
    return request.param
