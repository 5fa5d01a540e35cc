"""Cells with the accuracies that a test wants."""

from edgecompress.study.records import Accuracies, CellRecord, Count, Differing


def with_accuracy(
    record: CellRecord,
    *,
    baseline: int,
    control: int | None,
    clustered: int,
    pruned: int | None = None,
    from_control=None,
) -> CellRecord:
    """``record`` with these numbers of 200 test samples right; ``from_control``: samples lost and won."""

    def count(correct: int) -> Count:
        return Count(correct=correct, total=200)

    accuracy = Accuracies(
        baseline=count(baseline),
        control=None if control is None else count(control),
        pruned=count(clustered if pruned is None else pruned),
        clustered=count(clustered),
        from_baseline=None,
        from_control=Differing(lost=from_control[0], won=from_control[1]) if from_control else None,
    )
    return record.model_copy(update={"outcome": record.outcome.model_copy(update={"accuracy": accuracy})})
