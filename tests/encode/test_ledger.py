from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import entropy

from edgecompress.encode.ledger import Ledger, TensorEntry, entropy_bound
from edgecompress.errors import InputError


@given(st.lists(st.sampled_from([0.0, 0.5, -1.0, 2.0]), min_size=1, max_size=400))
def test_entropy_bound_is_mask_plus_indices_plus_codebook_or_the_plain_size(values):
    array = np.array(values, np.float32)
    nonzeros = array[array != 0]
    mask_bits = array.size * entropy([nonzeros.size, array.size - nonzeros.size], base=2)
    codebook, counts = np.unique(nonzeros, return_counts=True)
    index_bits = nonzeros.size * entropy(counts, base=2) if nonzeros.size else 0.0
    expected = min((mask_bits + index_bits) / 8 + 4 * codebook.size, array.nbytes)
    assert expected <= entropy_bound(array) + 1e-5
    assert entropy_bound(array) <= expected + 1


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@given(
    st.one_of(arrays.arrays(kind, st.integers(0, 60), elements=st.integers(-3, 3)) for kind in (np.float32, np.int8))
)
def test_patterns_are_counted_over_blocks_of_any_size(size, array):
    with mock.patch("edgecompress.encode.blocks.ELEMENTS", size):
        entry = TensorEntry.of("w", array, encoding="raw", stored=1)
    _, counts = np.unique(array, return_counts=True)
    assert entry.distinct == len(counts)
    codebook = len(counts) - int((array == 0).any())
    coded = array.size * entropy(counts, base=2) / 8 if array.size else 0
    expected = min(np.ceil(round(coded, 6)) + codebook * array.itemsize, array.nbytes)
    assert entry.entropy_bytes == expected == entropy_bound(array)


def test_entry_describes_the_array_by_its_bits():
    entry = TensorEntry.of("w", np.array([[0.0, -0.0, 1.0, 1.0]], np.float32), encoding="raw", stored=20)
    assert (entry.shape, entry.elements, entry.nonzero, entry.distinct, entry.sparsity) == ((1, 4), 4, 2, 3, 0.5)
    assert entry.bits_per_weight == 40


def test_an_empty_tensor_has_an_entry():
    entry = TensorEntry.of("w", np.zeros((0, 3), np.float32), encoding="raw", stored=9)
    assert (entry.distinct, entry.entropy_bytes, entry.sparsity, entry.bits_per_weight) == (0, 0, 0.0, 0.0)
    assert entry.bound_ratio is None


def test_ledger_adds_up_and_survives_json(tmp_path):
    one = TensorEntry.of("a", np.ones(100, np.float32), encoding="palette", stored=30)
    two = TensorEntry.of("b", np.arange(10, dtype=np.float32), encoding="raw", stored=50, note="too small to pay")
    ledger = Ledger(tensors=(one, two), file_bytes=110)
    assert (ledger.dense_bytes, ledger.graph_bytes, ledger.compression_ratio) == (440, 30, 4.0)
    assert (one.entropy_bytes, one.bound_ratio) == (4, 7.5)
    assert ledger.bound_ratio == 110 / (4 + two.entropy_bytes)
    (tmp_path / "ledger.json").write_text(ledger.to_json())
    assert Ledger.from_file(tmp_path / "ledger.json") == ledger


def test_a_damaged_ledger_is_refused(tmp_path):
    (tmp_path / "ledger.json").write_text('{"tensors": [], "file_bytes": -1}')
    with pytest.raises(InputError, match="file_bytes"):
        Ledger.from_file(tmp_path / "ledger.json")
