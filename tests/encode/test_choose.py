import numpy as np
import pytest

from edgecompress.encode.choose import choose, decode, encoding
from edgecompress.errors import InputError


def clustered(sparsity, *, count=40_000, values=32, seed=0):
    generator = np.random.default_rng(seed)
    array = generator.choice(generator.normal(size=values).astype(np.float32), count)
    array[generator.random(count) < sparsity] = 0
    return array.reshape(100, -1)


def free(_):
    return 0


@pytest.mark.parametrize(
    ("sparsity", "name", "options"),
    [
        (0.0, "palette", {"index_bits": 5}),
        (0.5, "bitmask", {"index_bits": 5}),
        (0.7, "gaps", {"gap_bits": 2, "index_bits": 5}),
        (0.9, "gaps", {"gap_bits": 4, "index_bits": 5}),
        (0.8, "gaps", {"gap_bits": 3, "index_bits": 5}),
    ],
)
def test_the_smallest_wins_at_each_sparsity(sparsity, name, options):
    array = clustered(sparsity)
    encoded = choose(array, free).encoded
    assert (encoded.encoding, {key: encoded.options[key] for key in options}) == (name, options)
    assert decode(encoded).tobytes() == array.tobytes()


def test_pruned_but_not_clustered_weights_are_stored_sparse():
    array = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    array[np.abs(array) < 1.6] = 0
    encoded = choose(array, free).encoded
    assert encoded.encoding == "gaps"
    assert encoded.size < 0.2 * array.nbytes


def test_what_decoding_costs_decides_too():
    array = clustered(0.9)
    assert choose(array, lambda plan: 0 if plan.encoding != "gaps" else 10**6).encoded.encoding == "bitmask"
    choice = choose(array, lambda plan: 0 if plan.encoding == "raw" else 10**6)
    assert choice.encoded.encoding == "raw"
    assert choice.rejected["gaps"] == "it takes more bytes"


def test_a_tensor_that_nothing_shrinks_says_why():
    choice = choose(np.arange(1, 400, dtype=np.float32), free)
    assert choice.encoded.encoding == "raw"
    assert "256 distinct" in choice.rejected["palette"]
    assert "no zero" in choice.rejected["gaps"]


def test_an_unknown_encoding_lists_the_known_ones():
    with pytest.raises(InputError, match="did you mean 'gaps'"):
        encoding("gasp")
