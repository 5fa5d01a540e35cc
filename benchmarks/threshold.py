"""The exact global threshold of a network's weights, side by side with numpy.partition and torch.kthvalue.

Layers shaped like VGG16BN's are scaled to the number of weights asked for; their scores are synthetic, once all there
and once nine tenths pruned. Every method finds the same threshold, which is checked. Rivals need all scores in one
array: numpy.partition is timed both with and without the joining, and the faster of the two is what counts. Times are
medians of rounds in which every method has its turn, with one thread; memory is the peak of a process of its own, over
what it held before, in parts of the scores' own size.

    python benchmarks/threshold.py [--weights 20000000] [--rounds 15]

Exit code 1: a result is not exact, slower than numpy.partition, or takes more than a tenth of extra memory.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from edgecompress.compress.prune.threshold import kth_lowest

LAYERS = [1728, 36864, 73728, 147456, 294912, 589824, 589824, 1179648, *[2359296] * 5, 5120]
CASES = {"all there, 50 %": (0.0, 0.5), "all there, 90 %": (0.0, 0.9), "pruned to 90 %, then 95 %": (0.9, 0.95)}
MEMORY_LIMIT = 0.1

Parts = list[np.ndarray]
Method = Callable[[Parts, int], float]


def scores(weights: int, pruned: float) -> Parts:
    """Magnitudes of Laplace weights, the ``pruned`` fraction of them at -inf, in one array a layer."""
    generator = np.random.default_rng(0)
    made = []
    for size in LAYERS:
        layer = np.abs(generator.laplace(size=round(size * weights / sum(LAYERS)))).astype(np.float32)
        layer[generator.random(layer.size, dtype=np.float32) < pruned] = -np.inf
        made.append(layer)
    return made


def ours(parts: Parts, k: int) -> float:
    return float(kth_lowest(parts, k))


def partition(parts: Parts, k: int) -> float:
    return float(np.partition(one(parts), k - 1)[k - 1])


def kthvalue(parts: Parts, k: int) -> float:
    return float(torch.from_numpy(one(parts)).kthvalue(k).values)


def one(parts: Parts) -> np.ndarray:
    """All scores in one array; that costs nothing where there is only one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


# Whether a method is given all scores in one array already.
METHODS: dict[str, tuple[Method, bool]] = {
    "edgecompress": (ours, False),
    "numpy.partition": (partition, True),
    "numpy.partition, joining": (partition, False),
    "torch.kthvalue": (kthvalue, True),
}
SLOW = ("torch.kthvalue",)  # one round says enough


def status(field: str) -> int:
    """A figure of this process in bytes, as Linux counts it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


def extra_memory(name: str, weights: int, case: str) -> float:
    """Peak memory of one call, in parts of the scores' size. Run in a process of its own."""
    torch.set_num_threads(1)
    pruned, sparsity = CASES[case]
    method, joins = METHODS[name]
    parts = scores(weights, pruned)
    given = [np.concatenate(parts)] if joins else parts
    size = sum(part.size for part in parts)
    method(parts[:1], 1)  # what is loaded at the first call is not the method's
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = status("VmRSS")
    method(given, round(sparsity * size))
    return (status("VmHWM") - before) / (4 * size)


def times(weights: int, case: str, rounds: int) -> dict[str, float]:
    """Median seconds of every method; their results compared with a sort's.

    Raises:
        SystemExit: a result is not exact.
    """
    pruned, sparsity = CASES[case]
    parts = scores(weights, pruned)
    joined = np.concatenate(parts)
    k = round(sparsity * joined.size)
    expected = float(np.sort(joined)[k - 1])
    taken: dict[str, list[float]] = {name: [] for name in METHODS}
    for number in range(rounds):
        for name, (method, joins) in METHODS.items():
            if name in SLOW and number:
                continue
            given = [joined] if joins else parts
            started = time.perf_counter()
            found = method(given, k)
            taken[name].append(time.perf_counter() - started)
            if found != expected:
                sys.exit(f"{name}: {found} is not the threshold {expected}")
    return {name: statistics.median(each) for name, each in taken.items()}


def main() -> None:
    """Print the table and judge it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    torch.set_num_threads(1)
    # In the processes that measure memory, what is freed goes back at once: kept, it would hide what is taken after it.
    os.environ |= {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
    missed = False
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for case in CASES:
            seconds = times(given.weights, case, given.rounds)
            extra = {name: pool.apply(extra_memory, (name, given.weights, case)) for name in METHODS}
            print(f"{given.weights:,} weights, {case}")
            for name in METHODS:
                ratio = seconds[name] / seconds["edgecompress"]
                print(f"  {name:<26}{1e3 * seconds[name]:>9.1f} ms {ratio:>7.2f}x {100 * extra[name]:>7.1f} % memory")
            rival = min(seconds["numpy.partition"], seconds["numpy.partition, joining"])
            for what, held in (
                ("at least as fast as numpy.partition", seconds["edgecompress"] <= rival),
                (f"at most {100 * MEMORY_LIMIT:.0f} % extra memory", extra["edgecompress"] <= MEMORY_LIMIT),
            ):
                print(f"  {what}: {'yes' if held else 'NO'}")
                missed |= not held
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
