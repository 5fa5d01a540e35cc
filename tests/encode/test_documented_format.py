"""The decoders printed in docs/format.md read what is written."""

import re
from pathlib import Path

import numpy as np
import pytest
from edgecompress.encode.encodings import gaps

from edgecompress.encode import bits
from edgecompress.encode.weights import Weights

PAGE = Path(__file__).parents[2] / "docs" / "format.md"


@pytest.fixture(scope="module")
def documented():
    blocks = re.findall(r"^    def .*(?:\n    .*)*", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    names: dict = {}
    for block in blocks:
        exec(re.sub("^    ", "", block, flags=re.MULTILINE), names)
    return names


@pytest.mark.parametrize("width", range(1, 9))
def test_the_printed_unpacking(documented, width):
    values = np.random.default_rng(width).integers(0, 2**width, 50)
    data = bits.pack(values.astype(np.uint8), width).tobytes()
    assert [documented["number"](data, width, i) for i in range(50)] == values.tolist()


def test_the_printed_positions(documented):
    array = np.zeros(2000, np.float32)
    array[[0, 5, 6, 900, 1990]] = 1
    weights = Weights(array)
    for plan in gaps.plans(weights):
        width = plan.options["gap_bits"]
        codes = bits.unpack(gaps.encode(weights, plan).arrays["codes"], width)
        assert [int(place) for place in documented["positions"](codes.astype(int), width)] == [0, 5, 6, 900, 1990]
