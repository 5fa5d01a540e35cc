import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.recipe import Inputs
from edgecompress.sources.data.dataset import dataset, nothing, why_no_classes
from edgecompress.sources.data.samples import Samples, Split
from edgecompress.sources.signature import Signature

PIXELS = np.arange(60 * 16, dtype=np.uint32).reshape(60, 1, 4, 4).astype(np.uint8)
Y = np.arange(60) % 3


def samples(x=PIXELS, y=Y, **more):
    given = {"test": None, "validation": None, "classes": None, **more}
    return Samples(Split((x,), y), sha256="0", what="arrays", **given)


def test_the_split_is_the_same_each_time_and_of_every_class(signature):
    first, second = (dataset("d", samples(), signature(3), Inputs()) for _ in range(2))
    assert np.array_equal(first.train_x, second.train_x)
    assert [len(part) for part in (first.train_y, first.validation_y, first.test_y)] == [42, 6, 12]
    assert np.bincount(first.test_y).tolist() == [4, 4, 4]
    assert first.classes == ("0", "1", "2")


def test_pixels_get_mean_zero_or_the_range_and_the_mean_that_are_asked_for(signature):
    usual = dataset("d", samples(), signature(3), Inputs())
    raw = np.concatenate([part * usual.std[0] + usual.mean[0] for part in (usual.train_x, usual.validation_x)])
    assert abs(float(usual.train_x.mean())) < 0.1
    assert np.allclose(raw, raw.round(), atol=1e-3)
    scaled = dataset("d", samples(), signature(3), Inputs(range=(-1, 1), mean=[0.0]))
    every = np.concatenate([scaled.train_x, scaled.validation_x, scaled.test_x])
    assert (every.min(), every.max()) == pytest.approx((-1, 1))
    photo = dataset("d", samples(), signature(3), Inputs(mean=[0.5], std=[0.25]))
    assert np.concatenate([photo.train_x, photo.validation_x, photo.test_x]).max() == pytest.approx(2)


def test_floats_stay_as_they_are_unless_something_is_asked_for(signature):
    x = PIXELS.astype(np.float32) / 7
    as_given = dataset("d", samples(x), signature(3), Inputs())
    assert set(as_given.train_x.reshape(-1).tolist()) <= set(x.reshape(-1).tolist())
    assert dataset("d", samples(x), signature(3), Inputs(mean=[1.0], std=[2.0])).std == (2.0,)


def test_what_scores_no_classes_or_has_none_is_calibrated_with(signature):
    several = Signature(signature(3).inputs, (*signature(3).outputs, *signature(2).outputs))
    for data in (dataset("d", samples(y=None), signature(3), Inputs()), dataset("d", samples(), several, Inputs())):
        assert data.classes == ()
        assert (len(data.train_x), len(data.test_x), len(data.train_y)) == (48, 12, 0)
    assert why_no_classes(signature(3)) is None
    assert "1 inputs and 2 outputs" in why_no_classes(several)
    image = Signature(signature(3).inputs, (End(name="y", shape=[1, 4, 4], dtype="float32"),))
    assert "1x4x4 a sample" in why_no_classes(image)


@pytest.mark.parametrize(
    ("given", "settings", "message"),
    [
        ({"y": Y + 1}, {}, "the data have the class 3, and the network puts out 3 scores, 0 to 2"),
        ({"y": Y * 0}, {}, "one class"),
        ({"y": np.where(np.arange(60) < 2, 1, 0)}, {}, "class 1 has 2 samples; 3 or more"),
        ({"classes": ("a", "b")}, {}, "2 classes and the network puts out 3 scores"),
        ({}, {"mean": [0.1, 0.2]}, "inputs.mean has 2 numbers; give one, or one for each of the 1 channels"),
    ],
)
def test_what_does_not_fit_is_one_line(signature, given, settings, message):
    with pytest.raises(InputError, match=message):
        dataset("d", samples(**given), signature(3), Inputs(**settings))


def test_no_data_is_noise_that_is_always_the_same(signature):
    first, second = (nothing(signature(3), 5, seed=1) for _ in range(2))
    assert np.array_equal(first.test_x, second.test_x)
    assert (first.test_x.shape, len(first.train_x)) == ((5, 1, 4, 4), 0)
