import numpy as np
import pytest

from edgecompress.encode.coders import escape, rice, wavelet
from edgecompress.export.onnx_graph.decoders.ends import ends

GAPS = {
    "small": np.random.default_rng(0).geometric(0.2, 500) - 1,
    "one": np.array([0]),
    "one after many zeros": np.array([60_000]),
    "none": np.zeros(40, int),
    "bounded": np.random.default_rng(1).integers(0, 256, 300),
    "eight": np.arange(8),
}

CODERS = [
    *((rice.encode, k) for k in range(9)),
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
