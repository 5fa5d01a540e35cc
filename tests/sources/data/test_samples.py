import re

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.data.samples import digest_arrays, from_arrays

X, Y = np.zeros((6, 2, 3), np.float32), np.array([0, 1, 0, 1, 0, 1])
ONE = [End(name="x", shape=[2, 3], dtype="float32")]
TWO = [End(name="a", shape=[2], dtype="float32"), End(name="b", shape=[3], dtype="int64")]


def read(inputs=ONE, **arrays):
    return from_arrays("d.npz", arrays, inputs, "0", "arrays")


def test_arrays_are_samples_with_classes_and_a_test_set_if_they_are_there():
    found = read(x=X, y=Y.astype(np.uint8), x_test=X[:2], y_test=Y[:2], classes=np.array(["cat", "dog"]))
    assert len(found.training) == 6
    assert found.training.y.dtype == np.int64
    assert len(found.test) == 2
    assert found.classes == ("cat", "dog")
    assert read(x=X).training.y is None


def test_a_network_of_several_inputs_has_an_array_for_each():
    found = read(TWO, a=np.zeros((4, 2), np.float32), b=np.zeros((4, 3), np.int64))
    assert [x.shape for x in found.training.x] == [(4, 2), (4, 3)]
    with pytest.raises(InputError, match="no array 'b'"):
        read(TWO, a=np.zeros((4, 2), np.float32))
    with pytest.raises(InputError, match="'b' has 5 samples, 'a' 4"):
        read(TWO, a=np.zeros((4, 2), np.float32), b=np.zeros((5, 3), np.int64))


def test_targets_that_are_no_classes_are_said_and_left_out():
    found = read(x=X, y=np.zeros((6, 2), np.float32))
    assert found.training.y is None
    assert "'y' has shape (6, 2); that is no class a sample" in found.notes[0]


@pytest.mark.parametrize(
    "y",
    [
        Y.astype(np.float32), Y.astype(np.float64)[:, None], Y[:, None], np.eye(3)[Y], np.eye(3, dtype=np.int64)[Y],
        np.eye(3, dtype=bool)[Y], np.array(["a", "b", "c"])[Y],
    ],
    ids=lambda y: f"{y.dtype.kind}{y.ndim}",
)  # fmt: skip
def test_the_advice_on_labels_makes_classes_of_them(y):
    found = read(x=X, y=y)
    assert found.training.y is None
    advice = re.search(r"numpy\.unique\(.*\)\[1\]|y\.[\w.()',-]+$", found.no_classes)
    stored = eval(advice[0], {"y": y, "numpy": np})
    cured = read(x=X, y=stored)
    assert cured.no_classes is None
    assert np.array_equal(cured.training.y, Y)


@pytest.mark.parametrize(("shape", "wanted"), [((6, 3, 2), (2, 3)), ((6, 4, 5, 3), (3, 4, 5)), ((6, 4, 5), (1, 4, 5))])
def test_the_advice_on_the_order_of_axes_fits_the_network(shape, wanted):
    x, takes = np.zeros(shape, np.float32), [End(name="x", shape=list(wanted), dtype="float32")]
    with pytest.raises(InputError) as error:
        read(takes, x=x, y=Y)
    stored = eval(str(error.value).rpartition("store ")[2], {"x": x, "numpy": np})
    assert read(takes, x=stored, y=Y).training.x[0].shape[1:] == wanted


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"z": X}, r"no array 'x' \(it has z\)"),
        ({"x": X, "y": Y[:5]}, r"'y' has shape \(5,\), x has 6 samples"),
        ({"x": X, "y": Y - 1}, "holds the class -1"),
        ({"x": np.where(np.arange(6)[:, None, None] == 4, np.nan, X)}, "NaN or infinite values, first in sample 4"),
        ({"x": np.zeros(6)}, r"'x' has shape \(6,\)"),
        ({"x": X[:0]}, r"'x' has shape \(0, 2, 3\)"),
        ({"x": np.zeros((6, 5), np.float32)}, "of shape 5, the network takes 2x3"),
        ({"x": X.astype(str)}, "give an array of numbers"),
        ({"x": X, "y": Y, "x_test": X}, "classes for only one of x and x_test"),
    ],
)
def test_a_wrong_array_is_one_line(arrays, message):
    with pytest.raises(InputError, match=message):
        read(**arrays)


def test_the_digest_is_of_names_types_and_numbers():
    first = digest_arrays({"x": X, "y": Y})
    assert first == digest_arrays({"y": Y, "x": np.asfortranarray(X)})
    assert len({first, digest_arrays({"x": X, "y": Y + 1}), digest_arrays({"x": X, "z": Y})}) == 3
