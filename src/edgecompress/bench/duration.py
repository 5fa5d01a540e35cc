"""The duration of a benchmark, estimated before it begins."""

from collections.abc import Iterable
from pathlib import Path

from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest

_PER_FILE = 3.0  # seconds: pushed, loaded for its memory, judged on the test set; a slow board takes longer
_MINUTE = 60.0


def expected(manifest: Manifest, protocol: Protocol, records: Iterable[Path], device: str) -> str:
    """The expected duration in words: of the last benchmark of this bundle there, or a range from the protocol."""
    last = _last(records, protocol, device)
    if last is not None:
        return f"about {in_words(last)}, as the last one of this kind here"
    runtimes = {file.runtime for file in manifest.models.values()}
    each = _PER_FILE * len(manifest.models)
    least = len(runtimes) * protocol.min_seconds + each
    most = len(runtimes) * (protocol.max_seconds + protocol.processes * protocol.warmup_max_seconds) + 2 * each
    most += len(manifest.models) * protocol.energy_seconds
    files = f"{len(manifest.models)} files in {len(runtimes)} runtime{'s' if len(runtimes) > 1 else ''}"
    return f"{in_words(least)} to {in_words(most)} (mode {protocol.mode}, {files})"


def in_words(seconds: float) -> str:
    """A duration in seconds or minutes, without more digits than it deserves."""
    return f"{seconds:.0f} s" if seconds < 1.5 * _MINUTE else f"{seconds / _MINUTE:.0f} minutes"


def _last(records: Iterable[Path], protocol: Protocol, device: str) -> float | None:
    """The seconds of the newest record of the same mode on the same device; what cannot be read is passed over."""
    found = []
    for path in records:
        try:
            record = BenchRecord.from_file(path)
        except InputError:
            continue
        if record.protocol.mode == protocol.mode and record.device.address.split(" ")[0] == device:
            found.append((record.created, record.seconds))
    return max(found)[1] if found else None
