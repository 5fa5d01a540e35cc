"""The comparison of two records: rows, notes and the verdict on each limit."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import edgecompress
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.statistics import Change, change
from edgecompress.compare.comparable import check
from edgecompress.compare.limits import DROPS, OWN_DROP, Limit
from edgecompress.compare.readings import OVER_DENSE, UNITS, Reading, Timed, readings
from edgecompress.compare.records import ComparedMetric, CompareRecord, JudgedLimit, Side
from edgecompress.errors import InputError
from edgecompress.record import Published

Given = tuple[str, str, Published]  # its name, its id, and the record
DENSE = ("dense",)  # kinds that no limit is on unless a file is named: the network as it was is there to compare with


def compare(
    a: Given,
    b: Given,
    *,
    limits: Sequence[Limit] = (),
    allow: Iterable[str] = (),
    files: Sequence[str] = (),
    seed: int = 0,
) -> CompareRecord:
    """Compare B with A.

    Args:
        a: The record to compare with, with the name it was given by and its id.
        b: The record that is judged, likewise.
        limits: What B must keep.
        allow: Names of ``comparable.NAMES`` that may differ.
        files: Compare these files alone, by their names in B; none: all that both records have.
        seed: Of the resampling.

    Raises:
        InputError: the two are not comparable, have no file in common, or a limit is on what was not measured.
    """
    allowed = check(a[2], b[2], frozenset(allow))
    before = {each.key: each for each in readings(a[2])}
    after = [each for each in readings(b[2]) if not files or each.file in files]
    for name in files:
        if name not in {each.file for each in after}:
            known = sorted({each.file for each in readings(b[2])})
            raise InputError(f"B has no file '{name}'; choose from: {', '.join(known)}")
    pairs = [(before[each.key], each) for each in after if each.key in before]
    if not pairs:
        raise InputError("A and B have no file and metric in common: compare records of bundles that were built alike")
    # All metrics of a file are computed from the same resamples, once.
    found: dict[tuple[str, str], dict[str, Change]] = {}
    for first, second in pairs:
        if first.timed and second.timed and (second.kind, second.runtime) not in found:
            found[second.kind, second.runtime] = _changes(first.timed, second.timed, seed)
    rows = [_row(first, second, found.get((second.kind, second.runtime), {})) for first, second in pairs]
    return CompareRecord(
        tool_version=edgecompress.__version__,
        a=_side(*a),
        b=_side(*b),
        allowed=allowed,
        notes=[*_notes(a[2], b[2], rows), *_own_metrics(before.values(), after)],
        rows=rows,
        limits=[judged for limit in limits for judged in _judge(limit, rows, named=bool(files))],
    )


def _side(name: str, number: str, record: Published) -> Side:
    about = record.about()
    return Side(
        name=name,
        id=number,
        kind=record.kind,
        created=about.created,
        model=about.model,
        data=about.data,
        device=about.device,
    )


def _changes(a: Timed, b: Timed, seed: int) -> dict[str, Change]:
    before, after = a.values(), b.values()
    # Two seeds, so that the resamples of two equally long runs are not the same rounds.
    draws = b.draws(seed), a.draws(seed + 1)
    fewest = min(len(a.processes), len(b.processes))
    return {
        name: change(
            after[name], before[name], (draws[0][name], draws[1][name]), processes=1 if name == OVER_DENSE else fewest
        )
        for name in after
        if name in before
    }


def _row(a: Reading, b: Reading, intervals: Mapping[str, Change]) -> ComparedMetric:
    found = intervals.get(b.metric)
    better = b.own.better if b.own else None
    verdict: str = "the same" if a.value == b.value else "more" if b.value > a.value else "less"
    if better and a.value != b.value:
        verdict = "better" if (b.value > a.value) == (better == "higher") else "worse"
    return ComparedMetric(
        file=b.file,
        kind=b.kind,
        runtime=b.runtime,
        metric=b.metric,
        unit=UNITS[b.metric],
        better=better,
        a=a.value,
        b=b.value,
        difference=b.value - a.value,
        ratio=b.value / a.value if a.value else None,
        change=found,
        verdict=found.ratio.verdict if found else verdict,
    )


def _judge(limit: Limit, rows: Sequence[ComparedMetric], *, named: bool) -> list[JudgedLimit]:
    """The limit on each file that it is on.

    A bound on B's own value is broken by that value. A bound on the growth over A's is broken where the whole interval
    of the growth is beyond it, so that noise does not break a build.
    """
    metric = DROPS.get(limit.metric, limit.metric)
    judged = []
    unit: Literal["ns", "bytes", "percent", "points", "ratio", "own"]
    for row in rows:
        if row.metric != metric or (row.kind in DENSE and not named):
            continue
        value, why, unit = row.b, "its value", row.unit
        broken = limit.broken_by(value)
        if limit.metric in DROPS:
            value, why, unit = row.a - row.b, "below A's", "points"
            if limit.metric == OWN_DROP:
                value, why, unit = _worse_by(row, limit), "worse than A's", row.unit
            # What binary fractions add to a drop of exactly 0.5 is not a drop.
            broken = limit.broken_by(value) and not math.isclose(value, limit.bound, rel_tol=1e-9, abs_tol=1e-12)
        elif limit.growth:
            if row.ratio is None:
                raise InputError(f"'{limit.text}': {row.file} has the value 0 in A, which nothing can be a part of")
            value, why, unit = 100 * (row.ratio - 1), "growth over A's", "percent"
            broken = limit.broken_by(value)
            if row.change:
                interval = row.change.ratio
                ends = [100 * (end - 1) for end in (interval.low, interval.high)]
                why = f"growth over A's, 95 % interval {ends[0]:.1f} to {ends[1]:.1f} %"
                broken = all(limit.broken_by(end) for end in ends)
        judged.append(JudgedLimit(limit=limit.text, file=row.file, value=value, unit=unit, broken=broken, why=why))
    if not judged:
        where = "the files named" if named else "any file but the dense ones, in both records"
        raise InputError(f"'{limit.text}' cannot be judged: {metric} was not measured for {where}")
    return judged


def _worse_by(row: ComparedMetric, limit: Limit) -> float:
    """The units by which B's metric is worse than A's.

    Raises:
        InputError: which way that is was never stated.
    """
    if row.better is None:
        raise InputError(
            f"'{limit.text}': the build was not given which way the metric is better: set a bound on metric itself, or "
            "build with --better"
        )
    return -row.difference if row.better == "higher" else row.difference


def _own_metrics(before: Iterable[Reading], after: Iterable[Reading]) -> list[str]:
    """Notes on a metric of the user's own: its name, or that it is not the same in both."""
    a, b = (next((each.own for each in side if each.own), None) for side in (before, after))
    if a is None or b is None:
        return []
    if a != b:
        return [f"A's metric is {a}, and B's {b}: they are not compared"]
    notes = [f"metric is {b}" + (f"; {b.better} is better" if b.better else "")]
    if a.source_sha256 and b.source_sha256 and a.source_sha256 != b.source_sha256:
        notes.append("the file that the metric's function is in is not the same in A and B: is the function?")
    return notes


def _notes(a: Published, b: Published, rows: Sequence[ComparedMetric]) -> list[str]:
    """Notes for a reader before believing a difference."""
    notes: list[str] = []
    if not (isinstance(a, BenchRecord) and isinstance(b, BenchRecord)):
        return notes
    for side, record in (("A", a), ("B", b)):
        if record.taken != "measured":
            notes.append(f"{side} is {record.taken}: its times say nothing, and are left out")
        if record.validity.disturbed:
            notes.append(f"{side} was disturbed: {'; '.join(record.validity.disturbed)}")
    digests = {(str(file.kind), str(file.runtime)): file.sha256 for file in a.files.values()}
    for row in rows:
        if row.metric != "p50" or row.verdict not in ("slower", "faster"):
            continue
        if b.files[row.file].sha256 == digests[row.kind, row.runtime]:
            notes.append(
                f"{row.file} is the same file in A and B and was {row.verdict} in B: the machine or the runtime was "
                "not the same; over_dense is a ratio within each run"
            )
    return notes
