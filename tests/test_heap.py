import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgecompress import heap
from edgecompress.heap import low_memory, trim_heap, uncollected

MEMORY = Path("/proc/self/smaps_rollup")


def resident():
    lines = MEMORY.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss")) * 1024


@pytest.mark.skipif(not MEMORY.exists(), reason="counts memory as Linux does")
def test_what_was_freed_is_the_systems_again():
    pieces = [np.ones(2**14, np.uint8) for _ in range(2**12)]
    held = resident()
    del pieces[:-1]  # the last one keeps the heap from shrinking by itself
    trim_heap()
    assert held - resident() > 2**25


LARGE = """
import contextlib, sys
import numpy as np
from edgecompress.heap import low_memory

def resident():
    with open("/proc/self/smaps_rollup") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss")) * 1024

for _ in range(3):
    np.ones(30 << 20, np.uint8)  # from now on glibc keeps what is smaller
with low_memory() if sys.argv[1] == "low_memory" else contextlib.nullcontext():
    large = [np.ones(8 << 20, np.uint8) for _ in range(16)]
    held = resident()
    del large[:-1]
    print(held - resident())
"""


@pytest.mark.skipif(not MEMORY.exists(), reason="counts memory as Linux does")
@pytest.mark.parametrize(("how", "least", "most"), [("low_memory", 75, 125), ("not", 0, 60)])
def test_what_is_large_goes_back_at_once(how, least, most):
    # In a process of its own: where others have left pieces that fit, the C library takes these first.
    done = subprocess.run([sys.executable, "-c", LARGE, how], capture_output=True, text=True, check=True)
    assert least << 20 <= int(done.stdout) <= most << 20


def test_a_c_library_that_cannot_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: object())
    heap._function.cache_clear()
    try:
        trim_heap()
        with low_memory():
            pass
    finally:
        heap._function.cache_clear()


def test_the_collector_is_switched_on_again_whatever_happens():
    assert gc.isenabled()
    with pytest.raises(KeyError), uncollected():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
