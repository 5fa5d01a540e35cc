from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from edgecompress.errors import InputError
from edgecompress.sources import datasets


@pytest.mark.parametrize("resolution", [96, 20])
def test_images_are_those_that_pillow_makes(tmp_path, resolution):
    plain = datasets.load("digits", tmp_path, download=False)
    found = datasets.load("digits", tmp_path, download=False, resolution=resolution)
    assert found.input_shape == (1, resolution, resolution)
    assert [len(found.train_x), len(found.validation_x)] == [len(plain.train_x), len(plain.validation_x)]
    assert found.shift == round(3 * resolution / 32)
    for ours, raw in zip(found.test_x[:5, 0], plain.test_x[:5, 0], strict=True):
        pillow = Image.fromarray(raw).resize((resolution, resolution), Image.Resampling.BILINEAR)
        assert np.allclose(ours, np.asarray(pillow), atol=1e-5)


def test_signals_are_refused(tmp_path):
    data = datasets.load("digits", tmp_path, download=False)
    signals = replace(data, test_x=data.test_x[:, 0])
    with pytest.raises(InputError, match=r"inputs\.resolution is for images, and Digits has samples of 32x32"):
        datasets.resized(signals, 96)
