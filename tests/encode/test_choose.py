import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.encode import group, single
from edgecompress.encode.choose import choose

from .conftest import FREE, PAID


def data_alone(name, encoded):
    """A file format that spends nothing on operators."""
    return encoded.size


def data_together(encoded):
    return encoded.size


def chosen(arrays, mode="smallest", costs=FREE, group_bytes=data_together):
    return choose(arrays, mode, costs, single_bytes=data_alone, group_bytes=group_bytes)


def decoded(choice):
    found = group.decode(choice.group) if choice.group else {}
    return found | {name: single.decode(each) for name, each in choice.singles.items()}


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("costs", [FREE, PAID], ids=["free", "paid"])
@pytest.mark.parametrize("mode", ["fast-load", "smallest"])
def test_whatever_is_chosen_holds_every_bit_of_every_tensor(float_arrays, mode, costs, data):
    arrays = {name: data.draw(float_arrays) for name in data.draw(st.lists(st.sampled_from("abcde"), unique=True))}
    choice = chosen(arrays, mode, costs)
    found = decoded(choice)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
    assert choice.notes.keys() == {name for name, each in choice.singles.items() if each.kind == "raw"}
    assert all(choice.notes.values())
    assert sum(each.size for each in choice.singles.values()) + (choice.group.size if choice.group else 0) <= sum(
        array.nbytes for array in arrays.values()
    )


@pytest.mark.parametrize(
    ("sparsity", "label"),
    [(0.0, "packed5"), (0.5, "rice0+packed5"), (0.8, "rice2+packed5"), (0.9, "rice3+packed5"), (0.98, "rice5+packed5")],
)
def test_what_is_stored_follows_the_sparsity(clustered, sparsity, label):
    choice = chosen({"w": clustered((100, 400), sparsity, 32)}, "fast-load")
    assert choice.group.labels() == {"w": label}


def test_pruned_but_not_clustered_weights_are_stored_sparse():
    array = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    array[np.abs(array) < 1.6] = 0
    choice = chosen({"w": array})
    assert choice.group.labels()["w"].endswith("+float32")
    assert choice.group.size < 0.15 * array.nbytes


def test_a_tensor_joins_the_group_only_where_it_makes_the_whole_smaller(clustered):
    arrays = {f"large {n}": clustered((64, 400), 0.9, 16, n) for n in range(3)}
    arrays |= {"small": clustered((8,), 0.5, 2), "middle": clustered((40, 40), 0.9, 16)}
    choice = chosen(arrays, costs=PAID)
    assert choice.group.parts.keys() == arrays.keys() - {"small"}
    assert choice.notes == {"small": "any other encoding takes more bytes"}


def test_a_group_that_is_no_smaller_in_the_file_is_not_made(clustered):
    arrays = {"w": clustered((64, 400), 0.9, 16)}
    plain = arrays["w"].nbytes
    assert chosen(arrays, group_bytes=lambda encoded: plain).group is None
    assert chosen(arrays, group_bytes=lambda encoded: plain - 1).group is not None


def test_fast_load_takes_no_wavelet():
    generator = np.random.default_rng(0)
    skewed = np.minimum(generator.geometric(0.4, 40_000), 30).astype(np.float32)
    skewed[generator.random(40_000) < 0.95] = 0
    assert "wavelet" not in chosen({"w": skewed}, "fast-load").group.labels()["w"]
    assert "wavelet" in chosen({"w": skewed}, "smallest").group.labels()["w"]


def test_one_value_is_stored_once_and_not_in_the_group():
    choice = chosen({"ones": np.ones((64, 64), np.float32), "zeros": np.zeros(9, np.float32)})
    assert choice.group is None
    assert {name: each.kind for name, each in choice.singles.items()} == {"ones": "constant", "zeros": "constant"}


def test_a_tensor_that_nothing_shrinks_says_why():
    arrays = {
        "many": np.arange(1, 400, dtype=np.float32) * np.float32(1e-42),
        "empty": np.zeros((0, 3), np.float32),
    }
    choice = chosen(arrays)
    assert choice.group is None
    assert choice.notes == {
        "many": "it has no zero element and more than 256 distinct values",
        "empty": "it is empty",
    }


def biases(count, each, seed=0):
    generator = np.random.default_rng(seed)
    return {f"bias {n}": generator.normal(0.1, 0.3, each).astype(np.float32) for n in range(count)}


def test_biases_are_split_where_there_are_enough_of_them():
    arrays = biases(20, 256)
    choice = chosen(arrays, costs=PAID)
    assert set(choice.group.labels().values()) == {"packed4+fractions"}
    assert choice.group.size < 0.89 * 20 * 256 * 4
    assert decoded(choice).keys() == arrays.keys()
    few = biases(2, 20)
    assert chosen(few, costs=PAID).group is None


def test_what_decodes_split_values_is_paid_for_by_what_they_save():
    arrays = biases(20, 256)
    saved = sum(array.nbytes for array in arrays.values()) - chosen(arrays).group.size
    for spent, made in ((saved - 1, True), (saved + 1, False)):
        choice = chosen(arrays, group_bytes=lambda encoded, spent=spent: encoded.size + spent)
        assert (choice.group is not None) == made


def test_what_is_not_split():
    """What float16 holds, large tensors, tensors of denormals or NaN: they stay as they were."""
    generator = np.random.default_rng(0)
    arrays = biases(20, 256)
    arrays |= {
        "half": generator.normal(size=400).astype(np.float16).astype(np.float32),
        "large": generator.normal(size=2**16).astype(np.float32),
        "tiny": np.full(300, 1e-40, np.float32) * generator.integers(1, 9000, 300).astype(np.float32),
        "nan": np.append(generator.normal(size=300), np.nan).astype(np.float32),
    }
    choice = chosen(arrays, costs=PAID)
    assert choice.group.labels().keys() == {name for name in arrays if name.startswith("bias")}
    assert choice.singles["half"].kind == "float16"
