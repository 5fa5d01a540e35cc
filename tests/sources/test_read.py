import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.recipe import Inputs
from edgecompress.sources.read import built_in_signature, inputs_of, is_custom_data, read, samples


def get(model="nets:make", data="none", checkpoint=None, **settings):
    def known():
        from edgecompress.sources.datasets import load

        return load(data)

    return read(model, data, Inputs(**settings), checkpoint=checkpoint, seed=1, known=known, progress=silent)


def test_inputs_are_written_with_names_and_types_or_without():
    (only,) = inputs_of(["3x32x32"])
    assert (only.name, only.shape, only.dtype) == ("input", [3, 32, 32], "float32")
    first, second = inputs_of(["tokens=16:int64", "8"])
    assert (first.name, first.shape, first.dtype) == ("tokens", [16], "int64")
    assert (second.name, second.shape) == ("input1", [8])
    for wrong in ("3x", "axb", "3x0", "4:text", ""):
        with pytest.raises(InputError, match="is not a shape"):
            inputs_of([wrong])


def test_data_of_the_user_s_own_and_built_in_ones(here):
    (here / "digits").mkdir()
    (here / "mine").mkdir()
    assert not is_custom_data("digits")
    assert not is_custom_data("cifar")
    for spec in ("mine", "./digits", "d.npz", "data:make", "none", "no/such"):
        assert is_custom_data(spec), spec


def test_a_function_s_network_takes_what_the_data_are(here):
    x = np.random.default_rng(0).normal(size=(30, 1, 8, 8)).astype(np.float32)
    np.savez(here / "d.npz", x=x, y=np.arange(30) % 3)
    model, data, _ = get(data="d.npz")
    assert model.signature.inputs[0].shape == [1, 8, 8]
    assert data.classes == ("0", "1", "2")
    assert data.name == "d"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "the network's input is not known; say its shape"),
        ({"data": "d.npz"}, "d.npz does not exist"),
        ({"data": "./notes.txt"}, "is no data that can be read"),
        ({"data": "digits"}, "Digits has 10 classes, and make puts out 3"),
        ({"data": "digits", "shapes": ["1x8x8"]}, "Digits is of shape 1x32x32, make takes 1x8x8"),
        ({"model": "m.onnx"}, "m.onnx does not exist"),
        ({"model": "m.onnx", "checkpoint": "w"}, "m.onnx has its own"),
        ({"model": "nets:two", "data": "images", "shapes": ["5:int64", "4"]}, "the network has 2 inputs"),
    ],
)
def test_what_cannot_be_read_is_one_line(here, options, message):
    (here / "notes.txt").touch()
    (here / "images").mkdir()
    with pytest.raises(InputError, match=message):
        get(**options)


def test_a_built_in_network_learns_the_user_s_classes(here):
    np.savez(here / "d.npz", x=np.zeros((6, 9, 64), np.float32), y=np.arange(6) % 2)
    signature = built_in_signature(samples("d.npz", (), silent), ())
    assert (signature.inputs[0].shape, signature.outputs[0].shape) == ([9, 64], [2])
    np.savez(here / "d.npz", x=np.zeros((6, 9, 64), np.float32))
    with pytest.raises(InputError, match="learns classes"):
        built_in_signature(samples("d.npz", (), silent), ())


def test_weights_that_are_no_numbers_are_named_before_anything_is_done(here):
    (here / "broken.py").write_text(
        "from torch import nn\n\n\ndef net():\n    made = nn.Linear(4, 2)\n    made.bias.data[1] = float('nan')\n"
        "    return made\n"
    )
    with pytest.raises(InputError, match="'bias' of broken:net holds NaN or infinite values from the start"):
        get("broken:net", shapes=["4"])


@pytest.mark.parametrize(("x", "cure"), [
    (np.zeros((12, 8, 8, 1), np.float32), "numpy.moveaxis(x, -1, 1)"),
    (np.zeros((12, 1, 8, 8), np.int64), "x.astype('uint8')"),
    (np.zeros((12, 1, 8, 8), np.int32), "x.astype('float32')"),
    (np.zeros((12, 8, 8), np.float32), "x[:, None]"),
])  # fmt: skip
def test_the_advice_where_arrays_do_not_fit_is_the_cure(here, x, cure):
    np.savez("d.npz", x=x, y=np.arange(12) % 3)
    with pytest.raises(InputError) as error:
        get(data="d.npz")
    assert cure in str(error.value)
    np.savez("d.npz", x=eval(cure, {"x": x, "numpy": np}), y=np.arange(12) % 3)
    assert get(data="d.npz")[1].classes
