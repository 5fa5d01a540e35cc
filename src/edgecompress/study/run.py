"""A study: cells are taken in their order, computed by a pool of workers, and each leaves its record."""

import datetime
import time
from dataclasses import dataclass, field

import edgecompress
from edgecompress.errors import InputError
from edgecompress.progress import Progress
from edgecompress.study.engines.contract import EndedCell, Pool
from edgecompress.study.records import CellRecord, IndexEntry, Machine, StudyCell, StudyIndex
from edgecompress.study.schedule import CellSchedule
from edgecompress.study.store import StudyStore

INDEX = "index.json"
DIGITS = 8
"""Of a recipe's digest in the name of a record."""
ATTEMPTS = 3
"""How often a cell is started whose worker is lost each time."""
SECONDS_BETWEEN_NOTES = 1.0


@dataclass
class Study:
    """The cells that a study is asked for, and the state of each.

    Attributes:
        name: of the grid.
        digests: of each cell's recipe, by cell, in the order in which they are computed.
        store: where the records are kept.
        machine: this one, for the record of a cell whose worker was lost.
        budget_minutes: after which no cell is started any more.
        progress: called with how far it is.
    """

    name: str
    digests: dict[StudyCell, str]
    store: StudyStore
    machine: Machine
    budget_minutes: float | None
    progress: Progress
    records: dict[StudyCell, CellRecord] = field(default_factory=dict)
    attempts: dict[StudyCell, int] = field(default_factory=dict)
    others: dict[str, IndexEntry | None] = field(default_factory=dict)
    """What else the folder holds, by file: cells of other budgets; ``None``: no record of a cell."""

    def known(self) -> None:
        """Take the records of cells that an earlier run finished; those that failed are computed again.

        Raises:
            InputError: a record is damaged.
        """
        names = self.store.names()
        for cell in self.digests:
            found = self._kept(cell) if self.file_of(cell) in names else None
            if found is not None:
                self.records[cell] = found

    def run(self, pool: Pool) -> StudyIndex:
        """Compute what is not known, until all is or the budget is over. Returns the index, which is kept."""
        schedule = CellSchedule(cell for cell in self.digests if cell not in self.records)
        started = time.monotonic()
        self._tell(pool)
        self.write_index()
        while schedule.waiting or schedule.running:
            while pool.free() and not self._over(started):
                cell = schedule.take()
                if cell is None:
                    break
                found = self._kept(cell)
                if found is not None:  # another run of the same study was faster
                    self.records[cell] = found
                    schedule.ended(cell, done=True)
                    continue
                self.attempts[cell] = self.attempts.get(cell, 0) + 1
                pool.start(cell)
            if not schedule.running:
                break
            for ended in pool.wait(SECONDS_BETWEEN_NOTES):
                self._end(ended, schedule)
            self._tell(pool)
        return self.write_index()

    def file_of(self, cell: StudyCell) -> str:
        """The name of a cell's record: another budget has another, so that a folder holds several."""
        return f"{cell.name}-{self.digests[cell][:DIGITS]}.json"

    def write_index(self) -> StudyIndex:
        """Keep what is done, what failed, and what was left out, and return it for the cells that were asked for.

        The file has the records of other budgets in the folder too, and a cell is missing there only where none has it.
        """
        entries = [
            _entry(cell, self.file_of(cell), record)
            if (record := self.records.get(cell))
            else IndexEntry(file=None, cell=cell, state="left out")
            for cell in self.digests
        ]
        index = StudyIndex(
            tool_version=edgecompress.__version__,
            study=self.name,
            cells=tuple(entries),
            budget_minutes=self.budget_minutes,
            taken=now(),
        )
        others = self._others()
        known = {entry.cell for entry in others}
        own = [entry for entry in entries if entry.file or entry.cell not in known]
        self.store.write(INDEX, index.model_copy(update={"cells": (*own, *others)}).to_json().encode())
        return index

    def _others(self) -> list[IndexEntry]:
        own = {INDEX, *(self.file_of(cell) for cell in self.digests)}
        for name in sorted(self.store.names() - own - self.others.keys()):
            self.others[name] = self._other(name)
        return [entry for entry in self.others.values() if entry]

    def _other(self, name: str) -> IndexEntry | None:
        content = self.store.read(name) if name.endswith(".json") else None
        if content is None:
            return None
        try:
            record = CellRecord.from_json(content, name)
        except InputError:
            return None
        return _entry(record.cell, name, record)

    def _over(self, started: float) -> bool:
        return self.budget_minutes is not None and time.monotonic() - started >= 60 * self.budget_minutes

    def _end(self, ended: EndedCell, schedule: CellSchedule) -> None:
        record, count = ended.record, self.attempts[ended.cell]
        if record is None and count < ATTEMPTS:
            schedule.again(ended.cell)
            return
        if record is None:
            record = self._lost(ended)
        record = record.model_copy(update={"attempts": count})
        self.store.write(self.file_of(ended.cell), record.to_json().encode())
        self.records[ended.cell] = record
        schedule.ended(ended.cell, done=record.state == "done")
        self.write_index()

    def _lost(self, ended: EndedCell) -> CellRecord:
        return CellRecord(
            tool_version=edgecompress.__version__,
            study=self.name,
            cell=ended.cell,
            recipe_digest=self.digests[ended.cell],
            state="failed",
            error=f"started {ATTEMPTS} times, and each time its worker was lost; the last time {ended.lost}",
            machine=self.machine,
            taken=now(),
        )

    def _kept(self, cell: StudyCell) -> CellRecord | None:
        """The record of a cell that is done."""
        name = self.file_of(cell)
        content = self.store.read(name)
        if content is None:
            return None
        try:
            record = CellRecord.from_json(content, f"{self.store.url}: {name}")
        except InputError as error:
            raise InputError(f"{error}; delete it, and its cell is computed again") from error
        if (record.cell, record.recipe_digest) != (cell, self.digests[cell]):
            raise InputError(f"{self.store.url}: {name} is the record of another cell or budget; move it elsewhere")
        return record if record.state == "done" else None

    def _tell(self, pool: Pool) -> None:
        self.progress(self.name, len(self.records), len(self.digests), "; ".join(pool.notes()))


def _entry(cell: StudyCell, file: str, record: CellRecord) -> IndexEntry:
    return IndexEntry(file=file, cell=cell, state=record.state, error=record.error)


def now() -> str:
    """The time, in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
