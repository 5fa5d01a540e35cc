from pathlib import Path

import numpy as np
import pytest

from edgecompress.heap import give_back

MEMORY = Path("/proc/self/smaps_rollup")


@pytest.mark.skipif(not MEMORY.exists(), reason="counts memory as Linux does")
def test_what_was_freed_is_the_systems_again():
    def resident():
        lines = MEMORY.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss")) * 1024

    pieces = [np.ones(2**14, np.uint8) for _ in range(2**12)]
    held = resident()
    del pieces[:-1]  # the last one keeps the heap from shrinking by itself
    give_back()
    assert held - resident() > 2**25


def test_a_c_library_that_cannot_is_left_alone(monkeypatch):
    from edgecompress import heap

    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: object())
    heap._trim.cache_clear()
    try:
        give_back()
    finally:
        heap._trim.cache_clear()
