from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from edgecompress.compress.kept import KeptState
from edgecompress.errors import InputError

MEMORY = Path("/proc/self/smaps_rollup")
TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(7), "c": torch.zeros(0, 4)}


@pytest.fixture
def path(tmp_path):
    save_file(TENSORS, tmp_path / "state.safetensors", {"epochs": "3"})
    return tmp_path / "state.safetensors"


def test_it_is_the_state_that_was_saved(path):
    state = KeptState(path)
    assert state.metadata == {"epochs": "3"}
    assert set(state) == set(TENSORS)
    assert len(state) == 3
    assert all(
        torch.equal(state[name], tensor) and state[name].dtype == tensor.dtype for name, tensor in TENSORS.items()
    )
    assert "d" not in state
    assert state.get("d") is None


def test_a_tensor_is_the_callers_own(path):
    before = path.read_bytes()
    state = KeptState(path)
    state["a"].fill_(-1)
    assert torch.equal(state["a"], TENSORS["a"])
    assert path.read_bytes() == before


@pytest.mark.skipif(not MEMORY.exists(), reason="counts memory as Linux does")
def test_what_nobody_uses_takes_no_memory(tmp_path):
    def resident():
        lines = MEMORY.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss")) * 1024

    size = 64 << 20
    save_file({name: torch.zeros(size // 8) for name in "ab"}, tmp_path / "large.safetensors")
    state = KeptState(tmp_path / "large.safetensors")
    before = resident()
    for name in state:
        state[name].sum()  # reads it all, and drops it
    assert resident() - before < size // 8


def test_a_file_that_is_gone_or_damaged_is_said_so(path):
    state = KeptState(path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="was removed while it was in use; run the same command again"):
        state["a"]
    with pytest.raises(SafetensorError):
        KeptState(path)
    path.unlink()
    with pytest.raises(InputError, match="was removed"):
        state["a"]
    with pytest.raises(FileNotFoundError):
        KeptState(path)
