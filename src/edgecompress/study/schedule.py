"""The order in which cells are started: next is the first that needs no stage that another one is computing."""

from collections.abc import Hashable, Iterable, Sequence

from edgecompress.study.records import StudyCell


def stages(cell: StudyCell) -> dict[str, Hashable]:
    """The inputs that decide each stage that other cells may share, by the stage's name, in order.

    Distillation decides how a network is pruned only where a recipe says so; here it always does not, so that two such
    cells are at worst computed one after the other.
    """
    trained = (cell.model, cell.data, cell.width, cell.seed)
    pruned = (*trained, cell.sparsity)
    return {"train": trained, "prune": pruned, "retrain": (*pruned, cell.distill)}


class CellSchedule:
    """The queue of cells. One that shares a stage with a running cell waits for it, unless the stage is done.

    Args:
        cells: in the order in which they are to be computed.
    """

    def __init__(self, cells: Iterable[StudyCell]) -> None:
        self._waiting = list(cells)
        self._running: list[StudyCell] = []
        self._done: set[Hashable] = set()

    @property
    def waiting(self) -> Sequence[StudyCell]:
        """The cells that have not been started."""
        return self._waiting

    @property
    def running(self) -> Sequence[StudyCell]:
        """The cells that have been started and have not ended."""
        return self._running

    def take(self) -> StudyCell | None:
        """The next cell, which runs from now on; ``None`` if each has to wait or there is none."""
        computed = {stage for cell in self._running for stage in stages(cell).items()} - self._done
        for cell in self._waiting:
            if not computed.intersection(stages(cell).items()):
                self._waiting.remove(cell)
                self._running.append(cell)
                return cell
        return None

    def ended(self, cell: StudyCell, *, done: bool) -> None:
        """A cell runs no more; if it is ``done``, so are its stages."""
        self._running.remove(cell)
        if done:
            self._done |= set(stages(cell).items())

    def again(self, cell: StudyCell) -> None:
        """A cell whose worker was lost is the next one."""
        self._running.remove(cell)
        self._waiting.insert(0, cell)
