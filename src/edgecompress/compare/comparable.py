"""Check that two records are of the same thing: the differences, each by the name that allows it."""

from edgecompress.bench.machine import Conditions
from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.methods import unknown
from edgecompress.record import Published
from edgecompress.study.records import CellRecord

NAMES = ("device", "governor", "runtime", "accelerator", "threads", "mode", "taken", "data", "budget")


def check(a: Published, b: Published, allow: frozenset[str]) -> dict[str, str]:
    """The differences between two records of one kind that are allowed, by name.

    Raises:
        InputError: they are of different kinds, something differs that is not allowed to, or ``allow`` has a name that
            means nothing.
    """
    for name in sorted(allow):
        if name not in NAMES:
            raise InputError(unknown("name in --allow", name, list(NAMES)))
    if a.kind != b.kind:
        raise InputError(f"A is a {a.kind} record and B a {b.kind} record: give two of one kind")
    found = differences(a, b)
    refused = {name: why for name, why in found.items() if name not in allow}
    if refused:
        reasons = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise InputError(
            f"A and B are not comparable: {reasons}. Measure both alike, or accept it: --allow {','.join(refused)}"
        )
    return found


def differences(a: Published, b: Published) -> dict[str, str]:
    """Everything that differs between two records and makes their figures those of different things."""
    if isinstance(a, BenchRecord) and isinstance(b, BenchRecord):
        return _of_bench(a, b)
    if isinstance(a, CellRecord) and isinstance(b, CellRecord):
        return _of_cells(a, b)
    assert isinstance(a, Manifest)
    assert isinstance(b, Manifest)
    samples = [
        f"{each.data.sha256[:12]}, {each.accuracy.samples if each.accuracy else 'no'} test samples" for each in (a, b)
    ]
    return _differing({"data": (samples[0], samples[1])})


def _of_cells(a: CellRecord, b: CellRecord) -> dict[str, str]:
    """Cells that are done. A difference of method means something where both were trained as long."""
    if a.outcome is None or b.outcome is None:
        which = "A" if a.outcome is None else "B"
        raise InputError(f"{which} is a cell that failed ({(a if which == 'A' else b).error}): it has no figures")
    epochs = [
        f"{sum(each.budget.epochs.values())} epochs of {each.budget.training_samples} samples"
        for each in (a.outcome, b.outcome)
    ]
    samples = [
        f"{each.data.sha256[:12]}, {each.accuracy.baseline.total} test samples" for each in (a.outcome, b.outcome)
    ]
    return _differing({"data": (samples[0], samples[1]), "budget": (epochs[0], epochs[1])})


def _of_bench(a: BenchRecord, b: BenchRecord) -> dict[str, str]:
    pairs = {
        "device": (_machine(a.before), _machine(b.before)),
        "governor": (_governors(a), _governors(b)),
        "accelerator": (_accelerator(a), _accelerator(b)),
        "threads": (str(a.threads), str(b.threads)),
        "mode": (a.protocol.mode, b.protocol.mode),
        "taken": (a.taken, b.taken),
    }
    found = _differing(pairs)
    versions = [{file.runtime: file.runtime_version for file in each.files.values()} for each in (a, b)]
    both = [name for name in versions[0] if name in versions[1]]
    changed = [
        f"{versions[0][name]} and {versions[1][name]}" for name in both if versions[0][name] != versions[1][name]
    ]
    if not both:
        found["runtime"] = f"{', '.join(versions[0])} and {', '.join(versions[1])}"
    elif changed:
        found["runtime"] = ", ".join(changed)
    if data := _data(a, b):
        found["data"] = data
    return {name: found[name] for name in NAMES if name in found}


def _differing(pairs: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {name: f"{first} and {second}" for name, (first, second) in pairs.items() if first != second}


def _machine(conditions: Conditions) -> str:
    name = conditions.board or conditions.cpu or conditions.machine
    cores = "" if conditions.cores is None else f", {conditions.cores} cores"
    return f"{name} ({conditions.machine}{cores})"


def _accelerator(record: BenchRecord) -> str:
    return record.accelerator.provider or record.accelerator.delegate or "none"


def _governors(record: BenchRecord) -> str:
    seen = [each.frequency.governors for each in (record.before, record.after) if each.frequency]
    return ", ".join(sorted({name for governors in seen for name in governors if name})) or "none shown"


def _data(a: BenchRecord, b: BenchRecord) -> str | None:
    """The differences in the data that accuracy is of. A checksum that was not recorded could be any."""
    if a.bundle.manifest_sha256 == b.bundle.manifest_sha256:
        return None
    for what, first, second in (
        ("the data set", a.bundle.data_sha256, b.bundle.data_sha256),
        ("eval.npz", a.bundle.eval_sha256, b.bundle.eval_sha256),
    ):
        if first is None or second is None:
            which = " and ".join(side for side, value in (("A", first), ("B", second)) if value is None)
            return f"the checksum of {what} was not recorded in {which}"
        if first != second:
            return f"the checksum of {what} is {first[:12]} in A and {second[:12]} in B"
    return None
