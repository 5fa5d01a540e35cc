"""The choice of the file that leads: the least that an inference executes, within a limit on lost accuracy."""

from collections.abc import Mapping, Sequence

from edgecompress.estimate import rule
from edgecompress.estimate.records import Lead, LeadCandidate
from edgecompress.target import Runtime

_AS_GOOD = 1.01


def choose(
    candidates: Mapping[str, LeadCandidate],
    *,
    limit: float,
    runtimes: Sequence[Runtime],
    processor: str | None = None,
    note: str = "",
) -> Lead:
    """The file that leads among ``candidates``.

    Where all that can lead were counted, by their instructions; else by what the rule expects, and where that knows
    nothing by the board's order of runtimes. Of files that are as good to 1 % the smallest leads.

    Args:
        candidates: by file, at least one that can lead at whatever accuracy.
        limit: points of accuracy that it may lose. Where none is within it, the one that loses least leads.
        runtimes: of the board, in order of preference.
        processor: that was emulated to count.
        note: why nothing was counted.
    """
    able = {name: each for name, each in candidates.items() if not each.left_out}
    assert able, "the dense file can always lead"
    within = {name: each for name, each in able.items() if (each.drop or 0.0) <= limit}
    pool = within or able
    counted = all(each.instructions is not None for each in pool.values())

    def cost(name: str) -> float:
        each = pool[name]
        if counted:
            return float(each.instructions or 0)
        if any(other.ratio is None for other in pool.values()):
            return 1.0 + runtimes.index(each.runtime)
        return (each.ratio or 1.0) * rule.of_runtime(each.runtime)

    if not within:
        least_lost = min(each.drop or 0.0 for each in pool.values())
        pool = {name: each for name, each in pool.items() if (each.drop or 0.0) == least_lost}
    least = min(map(cost, pool))
    name = min((each for each in pool if cost(each) <= _AS_GOOD * least), key=lambda each: pool[each].bytes)
    is_least = cost(name) == least
    return Lead(
        file=name,
        why=_why(name, pool, counted=counted, least=is_least, processor=processor, limit=limit, within=bool(within)),
        basis="instructions" if counted else "rule",
        processor=processor if counted else None,
        limit=limit,
        note="" if counted else note,
        candidates=dict(candidates),
    )


def better_than(executed: int | None, candidates: Mapping[str, LeadCandidate], limit: float) -> str | None:
    """The file among ``candidates`` that leads before one of so many instructions, whatever that one's accuracy."""
    for name, each in candidates.items():
        able = not each.left_out and each.drop is not None and each.drop <= limit
        if able and executed and each.instructions and _AS_GOOD * each.instructions < executed:
            return name
    return None


def _why(
    name: str,
    pool: Mapping[str, LeadCandidate],
    *,
    counted: bool,
    least: bool,
    processor: str | None,
    limit: float,
    within: bool,
) -> str:
    """The reason in a sentence."""
    chosen = pool[name]
    if counted:
        of = "" if chosen.ratio is None else f", {chosen.ratio:.2f} of the dense file's in {chosen.runtime}"
        most = (
            "the fewest instructions" if least else "as few instructions as any other to 1 %, and is the smallest such"
        )
        reason = f"it executes {most}{of} (estimated from counted instructions on an emulated {processor})"
    elif chosen.ratio is None:
        reason = "the board prefers its runtime (a rule: nothing is known of its processor)"
    else:
        reason = (
            f"files like it execute about {chosen.ratio:.2f} of the dense file's instructions (a rule, not counted)"
        )
    if chosen.drop is None:
        return f"{reason}; accuracy is not known"
    drop = f"{abs(chosen.drop):.2f} points {'below' if chosen.drop >= 0 else 'above'} the dense network"
    if not within:
        return f"no accuracy is within {limit:g} points of the dense network's on validation; this, {drop}, is nearest"
    return f"{reason}; validation accuracy {drop}, the limit is {limit:g}"
