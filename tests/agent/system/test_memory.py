import ctypes
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has malloc_trim")
def test_what_the_allocator_keeps_goes_back_to_the_system():
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    # Small enough to come from the heap, and the last of them stays, so that the heap cannot shrink by itself.
    blocks = [libc.malloc(ctypes.c_size_t(2**14)) for _ in range(2**12)]
    for block in blocks:
        ctypes.memset(block, 1, 2**14)
    for block in blocks[:-1]:
        libc.free(block)
    kept = memory.resident()["rss"]
    assert memory.release()
    assert memory.resident()["rss"] < kept - 50 * MIB
    libc.free(blocks[-1])


def test_without_such_a_call_nothing_is_released(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert not memory.release()


def test_without_proc_psutil_tells(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_PROC", tmp_path / "absent")
    found = memory.resident()
    assert found["rss"] == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)
    assert found["private_dirty"] is None
    assert memory.reset_peak() is False
