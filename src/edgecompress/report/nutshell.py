"""A benchmark in a few sentences: the file to take, and what got worse and what got better with it."""

from pathlib import Path

from edgecompress.bench.records import BenchRecord
from edgecompress.formats import find
from edgecompress.manifest import Manifest
from edgecompress.report.numbers import mebibytes, milliseconds, significant
from edgecompress.report.table import FileRow, fastest, in_doubt, judging, rows, within

WORSE = 1.05  # times as much, from which on it counts as worse


def best(record: BenchRecord, manifest: Manifest) -> str | None:
    """The file to take on the bundle's board; ``None``: no compressed one ran.

    The compressed one that is fastest there within the limit on accuracy where it was measured there, the one that
    build named elsewhere. The dense one, where no compressed file is within that limit.
    """
    smaller = _smaller(record, manifest)
    lead = manifest.lead
    if smaller is None or lead is None or lead.file not in record.files:
        return smaller
    dense = record.files[lead.file].kind == "dense"
    kept = any(within(lead, name) for name, file in record.files.items() if file.kind != "dense")
    return lead.file if dense and not kept else smaller


def changes(record: BenchRecord, manifest: Manifest) -> list[str]:
    """The losses of the best compressed file with their cure, and its gains, a sentence each."""
    row, dense = _both(record, manifest)
    if row is None or dense is None:
        return []
    found, worse = [], []
    taken = best(record, manifest)
    if taken != row.file and manifest.lead:
        found.append(
            f"No compressed file is within {manifest.lead.limit:g} point{'' if manifest.lead.limit == 1 else 's'} of "
            f"the dense network on the validation split: {taken} is the one to take; compress less, or train longer."
        )
    if row.load and dense.load and row.load > WORSE * dense.load:
        worse.append(f"loads in {milliseconds(row.load)} ms, {significant(row.load / dense.load)} times as long")
    if row.peak and dense.peak and row.peak > WORSE * dense.peak:
        worse.append(f"takes {mebibytes(row.peak)} MiB at its peak, which is at load, and not {mebibytes(dense.peak)}")
    cure = " (its weights are decoded then: build with --encoding fast-load, or run 'edgecompress unpack' once there)"
    worse = [" and ".join(worse) + (cure if find.has_decoders(Path(row.file)) else "")] if worse else []
    if row.drop is not None and row.drop > 0:
        worse.append(f"answers {row.drop:.2f} points fewer right")
    metric = judging(record)
    judged = metric is not None and metric.better is not None and row.worse is not None
    if metric and judged and row.worse > 0:  # type: ignore[operator]
        worse.append(f"is worse by {row.worse:.4g} of {metric.name}")
    speed, is_worse = _speed(record, row)
    worse += [speed] if is_worse else []
    if worse:
        found.append(f"Worse than {dense.file}: {row.file} {'; '.join(worse)}.")
    better = [] if row.smaller is None else [f"is {significant(row.smaller)}x smaller"]
    better += [speed] if speed and not is_worse else []
    if row.drop is not None and row.drop <= 0:
        better.append("loses no accuracy")
    if metric and judged and row.worse <= 0:  # type: ignore[operator]
        better.append(f"loses nothing by {metric.name}")
    if better:
        found.append(f"Better: it {'; '.join(better)}.")
    return found


def sentences(record: BenchRecord, manifest: Manifest) -> list[str]:
    """The size, the accuracy, and the speed on its device, a sentence each."""
    row, dense = _both(record, manifest)
    if row is None or dense is None or row.smaller is None:
        return []
    found = [
        f"Smaller: {row.file} has {row.bytes:,} bytes, {significant(row.smaller)} times fewer than the "
        f"{dense.bytes:,} of the trained network."
    ]
    if row.accuracy is not None and dense.accuracy is not None:
        found.append(
            f"Accuracy: it answers {row.accuracy:.1f} % of {row.samples} test samples right; the trained network "
            f"answers {dense.accuracy:.1f} %."
        )
    elif row.value is not None and dense.value is not None:
        found.append(
            f"{row.metric}: {row.value:.5g} of the test samples' outputs; {dense.value:.5g} of the trained network's."
        )
    if row.p50 is not None:
        machine = record.before.board or record.before.cpu or record.before.machine
        speed = _speed(record, row)[0]
        board = "" if record.device.is_target else f"; {manifest.target.title} was not there to measure on"
        found.append(
            f"Speed: one inference takes {milliseconds(row.p50)} ms in {row.runtime} on {machine}"
            f"{f', and {speed}' if speed else ''}{board}."
        )
    return found


def _judged(row: FileRow) -> bool:
    return row.accuracy is not None or row.value is not None


def _smaller(record: BenchRecord, manifest: Manifest) -> str | None:
    """The best compressed file, one within the limit on accuracy where there is one; ``None``: none ran."""
    ran = {row.file: row for row in rows(record) if row.kind != "dense" and (_judged(row) or row.p50)}
    lead = manifest.lead
    led = fastest(record, manifest) or (lead.file if lead else None)
    if led in ran:
        return led
    preferred = manifest.target.runtimes[0]
    order = {
        name: (
            lead is not None and not within(lead, name),
            record.files[name].runtime != preferred,
            row.kind != "compressed",
        )
        for name, row in ran.items()
    }
    return min(order, key=order.__getitem__, default=None)


def _both(record: BenchRecord, manifest: Manifest) -> tuple[FileRow | None, FileRow | None]:
    """The best compressed file and the dense one of its runtime."""
    name = _smaller(record, manifest)
    if name is None:
        return None, None
    runtime = record.files[name].runtime
    every = {row.file: row for row in rows(record)}
    dense = [row for row in every.values() if row.kind == "dense" and record.files[row.file].runtime == runtime]
    return every[name], dense[0] if dense else None


def _speed(record: BenchRecord, row: FileRow) -> tuple[str, bool]:
    """The speed of a file beside the dense one, and whether that is worse; empty where it is not known."""
    if row.ratio is None:
        return "", False
    if in_doubt(record):
        return "its speed beside the dense file's is in doubt, since the machine was disturbed", False
    how = {"faster": "is faster", "slower": "is slower"}.get(row.ratio.verdict, "is as fast as far as can be seen")
    return f"{how}: {row.ratio.ratio:.2f} times the dense file's time", row.ratio.verdict == "slower"
