import importlib
import mmap
import platform

import psutil
import pytest

memory = importlib.import_module("edgecompress.agent.system.memory")
MIB = 2**20
linux = pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc/self")


@linux
def test_the_numbers_are_those_of_psutil():
    reference, found = psutil.Process(), memory.resident()
    info = reference.memory_full_info()
    for name in ("rss", "pss", "uss"):
        assert found[name] == pytest.approx(getattr(info, name), rel=0.05)


@linux
def test_pages_are_seen_when_they_are_touched_and_the_peak_remembers_them():
    assert memory.reset_peak()
    before = memory.resident()
    block = mmap.mmap(-1, 64 * MIB)
    untouched = memory.resident()
    block.write(b"\1" * (64 * MIB))
    touched = memory.resident()
    block.close()
    freed = memory.resident()
    assert untouched["rss"] - before["rss"] < 8 * MIB
    assert 60 * MIB < touched["rss"] - before["rss"] < 200 * MIB
    assert freed["rss"] < touched["rss"] - 50 * MIB
    assert freed["peak"] >= touched["rss"] - MIB
    assert memory.reset_peak()
    assert memory.resident()["peak"] < touched["rss"]


def test_without_proc_psutil_tells(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_PROC", tmp_path / "absent")
    found = memory.resident()
    assert found["rss"] == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)
    assert found["private_dirty"] is None
    assert memory.reset_peak() is False
