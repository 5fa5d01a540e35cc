"""Every other file against the dense one: the latency ratio of files that were timed together."""

from collections.abc import Mapping

from edgecompress.bench.records import Comparison, FileResult
from edgecompress.bench.statistics import Ratio, verdict
from edgecompress.timing.ratio import latency_ratio


def compare(files: Mapping[str, FileResult], *, seed: int = 0) -> list[Comparison]:
    """One comparison for each file that was timed in the same rounds as its runtime's dense file."""
    found = []
    for name, file in files.items():
        if file.kind == "dense" or file.latency is None:
            continue
        for other_name in file.latency.together_with:
            other = files[other_name]
            if other.kind == "dense" and other.latency is not None:
                times, base = file.latency.samples_ns, other.latency.samples_ns
                ratio, low, high = latency_ratio(times, base, processes=file.latency.processes, seed=seed)
                latency = Ratio(ratio=ratio, low=low, high=high, verdict=verdict(low, high))
                found.append(
                    Comparison(
                        runtime=file.runtime, compressed=name, dense=other_name, latency=latency, method="paired rounds"
                    )
                )
    return found
