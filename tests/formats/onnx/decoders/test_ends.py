import numpy as np
import pytest

from edgecompress.encode import bits
from edgecompress.encode.coders import escape, rice, wavelet
from edgecompress.encode.group import Coder, Plane, Stream
from edgecompress.formats.onnx.decoders.ends import ends, rice_ends

GAPS = {
    "small": np.random.default_rng(0).geometric(0.2, 500) - 1,
    "one": np.array([0]),
    "one after many zeros": np.array([60_000]),
    "none": np.zeros(40, int),
    "bounded": np.random.default_rng(1).integers(0, 256, 300),
    "eight": np.arange(8),
}

CODERS = [
    *((escape.encode, width) for width in escape.WIDTHS),
    *((wavelet.encode, k) for k in range(7)),
]


@pytest.mark.parametrize(("encode", "width"), CODERS, ids=lambda each: getattr(each, "__module__", each))
@pytest.mark.parametrize("opset", [13, 18])
def test_ends_are_the_running_sum_of_what_each_gap_takes(evaluate, encode, width, opset):
    for gaps in GAPS.values():
        if encode is wavelet.encode and gaps.max() >> width >= wavelet.CLASSES:
            continue  # fillers break such gaps before they are encoded
        code = encode(gaps, width)
        found = evaluate(lambda build, code=code: ends(build, code), opset)
        assert found.dtype == np.int32
        assert found.tolist() == np.cumsum(gaps + 1).tolist()


@pytest.mark.parametrize("ks", [(0,), (3,), (8,), (5, 2, 2, 0)], ids=str)
@pytest.mark.parametrize("opset", [13, 18])
def test_rice_codes_joined_in_one_plane_end_where_they_would_alone(evaluate, ks, opset):
    """Each of the gaps above in turn in each place of the plane; what a stream begins with is told beside it."""
    for turn in range(len(GAPS)):
        gaps = [list(GAPS.values())[(turn + n) % len(GAPS)] for n in range(len(ks))]
        codes = [rice.encode(each, k) for each, k in zip(gaps, ks, strict=True)]
        streams = tuple(Stream(Coder("rice", code.k), (), code) for code in codes)
        plane = Plane(streams, bits.pack(np.concatenate([code.unary for code in codes]), 1))
        for number, each in enumerate(gaps):

            def decode(build, plane=plane, number=number):
                value, excess = rice_ends(build, plane)[number]
                return build.op("Sub", value, build.constant(np.array(excess, np.int32)))

            found = evaluate(decode, opset)
            assert found.dtype == np.int32
            assert found.tolist() == np.cumsum(each + 1).tolist()
