"""One-dimensional k-means, side by side with scikit-learn and kmeans1d: time, inertia, memory.

Laplace values, as weights are. For these the optimum is the only fixed point of Lloyd's iterations (their density is
log-concave: Fleischer, "Sufficient conditions for achieving minimum distortion in a quantizer", 1964), so it is found
by iterating over all sorted values until nothing moves; kmeans1d computes it where that fits into memory. Ours runs
before and after each rival, in the same process; memory is the peak of a process of its own. Run it alone:

    python benchmarks/cluster.py [--size 10000000] [--clusters 16 256] [--rounds 5]

Exit code 1: an inertia, a label or the memory misses its limit. Times that miss theirs are said to.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import kmeans1d
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from edgecompress.compress.cluster.algorithms.kmeans import kmeans
from edgecompress.compress.cluster.labels import inertia, nearest

Values = NDArray[np.float32]

# Times faster than scikit-learn's KMeans with n_init=1, at 10^7 values.
FASTER = {16: 75.0, 256: 50.0}
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Limits:
    """What has to be reached, and what was not."""

    def __init__(self) -> None:
        self.failed = False

    def check(self, what: str, value: float, limit: float, *, least: bool = False, decides: bool = True) -> None:
        """Print whether ``value`` is within ``limit``; with ``decides``, a miss is the exit code."""
        good = value >= limit if least else value <= limit
        self.failed |= decides and not good
        print(f"  {what:<58}{value:>11.6g}  {'at least' if least else 'at most'} {limit:g}: {'yes' if good else 'NO'}")


def laplace(size: int) -> Values:
    """Values as weights are, made in parts, so that making them leaves no peak of memory behind."""
    generator, values = np.random.default_rng(0), np.empty(size, dtype=np.float32)
    for part in np.array_split(values, max(1, size // 1_000_000)):
        part[:] = 0.02 * generator.laplace(size=part.size)
    return values


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best_known(values: Values, start: Values, iterations: int = 20_000) -> float:
    """The inertia after Lloyd's iterations over all values, until no cut moves."""
    ordered = np.sort(values)
    sums = np.concatenate([[0.0], np.cumsum(ordered, dtype=np.float64)])
    centroids = start.astype(np.float64)
    cuts = np.empty(0, dtype=np.intp)
    for _ in range(iterations):
        # Needles of the values' own type: others would make searchsorted cast all of them.
        middles = ((centroids[1:] + centroids[:-1]) / 2).astype(np.float32)
        moved = np.concatenate([[0], np.searchsorted(ordered, middles), [ordered.size]])
        if np.array_equal(moved, cuts):
            break
        cuts = moved
        centroids = np.diff(sums[cuts]) / np.diff(cuts)
    return inertia(values, centroids.astype(np.float32))


def rivals(values: Values, k: int) -> dict[str, Callable[[], Values]]:
    """What others need the same work for."""

    def scikit_learn() -> Values:
        model = KMeans(k, n_init=1, random_state=0).fit(values[:, None])
        return np.sort(model.cluster_centers_[:, 0])

    made: dict[str, Callable[[], Values]] = {"scikit-learn KMeans": scikit_learn}
    # It needs about 16 bytes for each value and cluster.
    if values.size * k <= 2**25:
        made["kmeans1d (the optimum)"] = lambda: np.array(kmeans1d.cluster(values, k).centroids, dtype=np.float32)
    return made


def compare(size: int, k: int, rounds: int, limits: Limits) -> None:
    """Print ours beside the rivals for one size and number of clusters."""
    values = laplace(size)
    ours = [seconds(lambda: kmeans(values, k)) for _ in range(rounds)]
    found = kmeans(values, k)
    own = inertia(values, found)
    print(f"\n{size:,} values, {k} clusters\n\n{'':<32}{'seconds':>10}{'ours is':>10}{'inertia / ours':>16}")
    times, costs = {}, {}
    for name, rival in rivals(values, k).items():
        result: list[Values] = []
        times[name] = seconds(lambda rival=rival, result=result: result.append(rival()))
        costs[name] = inertia(values, result[0])
        ours += [seconds(lambda: kmeans(values, k)) for _ in range(rounds)]
    middle = statistics.median(ours)
    print(f"{'ours':<32}{middle:>10.4f}{'':>10}{1:>16.6f}   (least {min(ours):.4f}, most {max(ours):.4f})")
    for name, taken in times.items():
        print(f"{name:<32}{taken:>10.3f}{taken / middle:>9.0f}x{costs[name] / own:>16.6f}")
    print()
    best = min(own, best_known(values, found), *costs.values())
    limits.check("inertia / the optimum", own / best, 1.0001)
    if size >= 10_000_000 and k in FASTER:
        ratio = times["scikit-learn KMeans"] / middle
        limits.check("times faster than scikit-learn KMeans", ratio, FASTER[k], least=True, decides=False)
    if size == 1_000_000 and k == 16:
        ratio = times["kmeans1d (the optimum)"] / middle
        limits.check("times faster than kmeans1d", ratio, 100, least=True, decides=False)
    labels(values, found, rounds, limits)


def labels(values: Values, centroids: Values, rounds: int, limits: Limits) -> None:
    """Which centroid is nearest, beside a binary search for each value."""
    middles = (centroids[1:] / 2 + centroids[:-1] / 2).astype(np.float32)
    ours = statistics.median(seconds(lambda: nearest(values, centroids)) for _ in range(rounds))
    search = statistics.median(seconds(lambda: np.searchsorted(middles, values)) for _ in range(2))
    wrong = np.count_nonzero(nearest(values, centroids) != np.searchsorted(middles, values))
    print(f"  labels: {ours:.4f} s, {search / ours:.1f} times faster than numpy.searchsorted")
    limits.check("labels that differ from numpy.searchsorted's", wrong, 0)


def peak() -> int:
    """The most memory that this process has had since it was last cleared, in KiB."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))


def measure_memory(which: str, size: int, k: int) -> None:
    """In a process of its own: print how far the peak rises above the data, as a fraction of the data."""
    values = laplace(size)
    work: dict[str, Callable[[Values], object]] = {
        "ours": lambda part: kmeans(part, k),
        "labels": lambda part: nearest(part, part[:k].copy()),
        "scikit-learn": lambda part: KMeans(k, n_init=1, max_iter=2, random_state=0).fit(part[:, None]),
    }
    # What a first run loads is not the data's.
    work[which](values[:1000])
    CLEAR.write_text("5")
    before = peak()
    work[which](values)
    print((peak() - before) * 1024 / values.nbytes)


def memory(size: int, k: int, limits: Limits) -> None:
    """Print the extra memory of ours and of scikit-learn."""
    shares = {}
    # Without this, glibc keeps what was freed before, and what is measured takes it without being seen.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    for which in ("ours", "labels", "scikit-learn"):
        command = [sys.executable, __file__, "--memory", which, "--size", str(size), "--clusters", str(k)]
        shares[which] = float(
            subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        )
    print(
        f"\n{size:,} values, {k} clusters, peak memory beside the data: ours {shares['ours']:.1%} of it, "
        f"labels {shares['labels']:.1%} (of which 25 % are the labels), scikit-learn {shares['scikit-learn']:.0%}"
    )
    limits.check("extra memory / data", shares["ours"], 0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=10_000_000)
    parser.add_argument("--clusters", type=int, nargs="+", default=[16, 256])
    parser.add_argument("--rounds", type=int, default=5, help="runs of ours before and after each rival")
    parser.add_argument("--memory", choices=["ours", "labels", "scikit-learn"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory:
        measure_memory(given.memory, given.size, given.clusters[0])
        return
    limits = Limits()
    for k in given.clusters:
        memory(given.size, k, limits)
        compare(given.size, k, given.rounds, limits)
    compare(1_000_000, 16, given.rounds, limits)
    compare(100_000, 256, given.rounds, limits)
    sys.exit(1 if limits.failed else 0)


if __name__ == "__main__":
    main()
