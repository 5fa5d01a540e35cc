import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

from edgecompress.progress import silent
from edgecompress.sources.datasets import digits as module
from edgecompress.sources.datasets.digits import digits


def load(tmp_path):
    return digits(tmp_path, download=False, progress=silent)


def test_the_parts_together_are_scikit_learns_digits_each_once(tmp_path):
    data = load(tmp_path)
    images, labels = load_digits(return_X_y=True)
    x = np.concatenate([data.train_x, data.validation_x, data.test_x])
    y = np.concatenate([data.train_y, data.validation_y, data.test_y])
    assert len(x) == 1797
    raw = np.rint(x[:, 0] * data.std[0] + data.mean[0])
    assert (raw == raw[:, ::4, ::4].repeat(4, axis=1).repeat(4, axis=2)).all()

    def rows(pixels, classes):
        return sorted(map(bytes, np.column_stack([pixels, classes]).astype(np.uint8)))

    assert rows(raw[:, ::4, ::4].reshape(-1, 64), y) == rows(images, labels)


def test_every_part_holds_every_class_in_the_same_share(tmp_path):
    data = load(tmp_path)
    assert (len(data.train_y), len(data.validation_y), len(data.test_y)) == (1079, 359, 359)
    share = np.bincount(load_digits().target) / 1797
    for y in (data.train_y, data.validation_y, data.test_y):
        assert np.abs(np.bincount(y, minlength=10) / len(y) - share).max() < 0.005


def test_the_training_set_is_standardised(tmp_path):
    data = load(tmp_path)
    x = np.concatenate([data.train_x, data.validation_x])
    assert abs(x.mean(dtype=np.float64)) < 1e-5
    assert abs(x.std(dtype=np.float64) - 1) < 1e-5


def test_the_source_is_recognised_and_says_whose_copy_it_is(tmp_path):
    source = load(tmp_path).source
    assert source.official
    assert "scikit-learn" in source.note


def test_a_release_that_keeps_the_file_elsewhere_is_asked(tmp_path, monkeypatch):
    expected = load(tmp_path)
    monkeypatch.setattr(module, "_FILE", "elsewhere.csv")
    data = load(tmp_path)
    assert data.source == expected.source
    assert (data.train_x == expected.train_x).all()
    assert (data.test_y == expected.test_y).all()


def test_scikit_learn_is_not_imported_for_it():
    code = (
        "import sys, pathlib; from edgecompress.progress import silent\n"
        "from edgecompress.sources.datasets.digits import digits\n"
        "digits(pathlib.Path(), download=False, progress=silent); assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
