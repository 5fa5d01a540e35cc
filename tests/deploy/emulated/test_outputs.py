import numpy as np
import pytest

from edgecompress.deploy.emulated.outputs import outputs, why_not
from edgecompress.errors import InputError

from .test_count import matrix


def test_what_a_file_computes_there_is_what_it_should(x86_counts, tmp_path):
    path = matrix(tmp_path / "m.tflite", 64)
    x = np.random.default_rng(3).standard_normal((3, 64)).astype(np.float32)
    produced, runtime = outputs(path, x, "x86-no-avx", layout="channels_last", seconds=120)
    weights = np.random.default_rng(0).standard_normal((256, 64)).astype(np.float32)
    assert np.allclose(produced, x @ weights.T, atol=1e-4)
    assert runtime.startswith("litert ")


def test_nothing_is_fetched_unasked(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(InputError, match="cortex-a72"):
        why_not("cortex-a7")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no qemu-aarch64 here" in why_not("cortex-a76")


def test_a_processor_that_is_not_set_up_is_said_with_how_to(arm_counts, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert why_not("cortex-a76").endswith("edgecompress devices setup emulated:cortex-a76")
    assert list(tmp_path.iterdir()) == []
