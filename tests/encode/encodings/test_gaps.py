import numpy as np
import pytest

from edgecompress.encode import bits
from edgecompress.encode.encodings import gaps
from edgecompress.encode.weights import Weights


def positions_by_hand(codes, escape):
    """The definition, one code at a time."""
    position, found = 0, []
    for code in codes:
        position += int(code)
        if code != escape:
            found.append(position)
            position += 1
    return found


@pytest.mark.parametrize("gap_bits", gaps.WIDTHS)
def test_codes_lead_to_the_nonzeros_by_the_definition(gap_bits):
    array = np.zeros(3000, np.float32)
    at = sorted({0, 1, 4, 7, 8, 15, 31, 62, 78, 300, 555, 556, 1500, 2998})
    array[at] = 1.0
    weights = Weights(array)
    plan = next(plan for plan in gaps.plans(weights) if plan.options["gap_bits"] == gap_bits)
    codes = bits.unpack(gaps.encode(weights, plan).arrays["codes"], gap_bits)
    assert positions_by_hand(codes, 2**gap_bits - 1) == at


def test_an_escape_costs_no_index_and_trailing_zeros_cost_nothing():
    array = np.zeros(1000, np.float32)
    array[[0, 400]] = 2.0
    weights = Weights(array)
    plan = next(plan for plan in gaps.plans(weights) if plan.options == {"gap_bits": 8, "index_bits": 1, "nonzeros": 2})
    arrays = gaps.encode(weights, plan).arrays
    # nothing then a value; 255 zeros; 144 zeros then a value
    assert arrays["codes"].reshape(-1).tolist() == [0, 255, 144]
    assert arrays["indices"].nbytes == 1
