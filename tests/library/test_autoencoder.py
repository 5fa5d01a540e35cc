"""A network of the user's own that ends in numbers: MLPerf Tiny's autoencoder, as the documentation has it."""

import re

import numpy as np
import pytest

import edgecompress as ec
from edgecompress import shipped
from edgecompress.errors import InputError

QUICK = {"train.epochs": 2, "prune.epochs": 1, "retrain.epochs": 0, "cluster.epochs": 1, "export.count": False}


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """The documentation's file, and spectra that four numbers decide."""
    (block,) = re.findall(r"```python\n(.*?)```", shipped.document("microcontrollers"), re.DOTALL)
    (tmp_path / "anomaly.py").write_text(block)
    random = np.random.default_rng(0)
    x = np.tanh(random.standard_normal((400, 4)) @ random.standard_normal((4, 640))).astype(np.float32)
    np.savez(tmp_path / "sounds.npz", x=x, y=x)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_trained_by_its_error_and_its_files_are_packed_and_looked_into(sounds):
    made = ec.build(
        "anomaly.py:autoencoder", "sounds.npz", loss="torch.nn.functional:mse_loss", changes=QUICK, output="out",
        cache="cache", warn=lambda message: None,
    )  # fmt: skip
    judged = made.manifest.judged
    assert judged.better == "lower"
    assert judged.dense < 1
    # Counted in ad01_fp32.tflite of github.com/mlcommons/tiny (1afd2c9).
    assert ec.inspect(made.file("dense.tflite")).dense_bytes == 4 * 265_864
    packed = ec.pack(made.file("dense.tflite"), sounds / "sent.ecz")
    assert packed.bytes < made.file("dense.tflite").stat().st_size
    ec.unpack(sounds / "sent.ecz", sounds / "back.tflite")
    assert (sounds / "back.tflite").read_bytes() == made.file("dense.tflite").read_bytes()


def test_for_a_microcontroller_it_is_refused_before_training(sounds):
    pytest.importorskip("tflite_micro")
    with pytest.raises(InputError, match="runs int8 alone: int8 is judged by its answers among classes"):
        ec.build(
            "anomaly.py:autoencoder", "sounds.npz", loss="torch.nn.functional:mse_loss", target="cortex-m",
            changes=QUICK, output="out", cache="cache",
        )  # fmt: skip
