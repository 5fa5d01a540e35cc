import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgecompress.formats.tflite.micro import huffman
from edgecompress.formats.tflite.micro.decode import ancillary


def drawn(seed, count, values, zeros):
    random = np.random.default_rng(seed)
    palette = random.choice(256, values, replace=False).astype(np.uint8).view(np.int8)
    return np.where(random.random(count) < zeros, 0, palette[random.integers(0, values, count)]).astype(np.int8)


def skewed(longest):
    """Occurrences that double from symbol to symbol, so that codes are as long as can be."""
    counts = [1, *(1 << place for place in range(longest))]
    integers = np.repeat(np.arange(len(counts), dtype=np.int8), counts)
    return np.random.default_rng(0).permutation(integers)


CASES = {
    "sparse": drawn(1, 5000, 33, 0.9),
    "dense": drawn(2, 20_000, 256, 0),
    "one value": np.full(700, -3, np.int8),
    "one weight": np.array([5], np.int8),
    "two values": drawn(3, 999, 2, 0.99),
    "skewed": skewed(14),
    "longer than any code may be": skewed(17),
}


@pytest.mark.parametrize("name", CASES)
def test_the_runtime_decodes_it(by_runtime, name):
    integers = CASES[name]
    coded = huffman.encode(integers)
    assert np.array_equal(by_runtime(coded.codes, ancillary(coded), integers.shape), integers)


@given(hnp.arrays(np.int8, hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=12)), st.integers(0, 10))
def test_what_was_coded_is_read_again(integers, more):
    integers[integers % 11 < more] = 0
    coded = huffman.encode(integers)
    assert np.array_equal(huffman.decode(coded, integers.size).reshape(integers.shape), integers)


@pytest.mark.parametrize("name", ["sparse", "dense", "two values", "skewed"])
def test_no_prefix_code_takes_fewer_bits(name):
    integers = CASES[name]
    heap = np.unique(integers, return_counts=True)[1].tolist()
    heapq.heapify(heap)
    least = 0
    while len(heap) > 1:  # Huffman's construction, without a limit of lengths
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        least += merged
        heapq.heappush(heap, merged)
    coded = huffman.encode(integers)
    assert least <= 8 * coded.codes.nbytes <= least + 64  # whole words, and the one that is read ahead


def test_tables_are_small():
    assert huffman.encode(CASES["sparse"]).table.nbytes <= 160
    assert huffman.encode(CASES["dense"]).table.nbytes <= 4 * 256


@pytest.mark.parametrize("part", ["codes", "table"])
def test_a_code_that_ends_too_early_is_refused(part):
    coded = huffman.encode(CASES["sparse"])
    parts = {"codes": coded.codes, "table": coded.table}
    parts[part] = parts[part][: len(parts[part]) // 2]
    with pytest.raises(ValueError, match="too early"):
        huffman.decode(huffman.HuffmanCoded(**parts, first_bits=coded.first_bits), 5000)
