"""The trials of a search in an Optuna storage: workers that share it take one number each.

Optuna keeps who has which number, and what each came to. What to try is decided in ``sampler`` from all that is there,
so a search of one worker proposes the same points in every storage, and goes on as if it had never stopped.

Akiba, Sano, Yanase, Ohta & Koyama, "Optuna: A next-generation hyperparameter optimization framework", KDD 2019.
"""

import json
import math
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecompress.errors import InputError
from edgecompress.search.records import Trial
from edgecompress.store.place import with_driver

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage

NUMBER, WORKER, BEAT, TRIAL = "number", "worker", "beat", "trial"
SECONDS_BETWEEN_BEATS = 60.0
SECONDS_UNTIL_LOST = 1800.0
"""A worker on another machine without a sign for so long is taken to be gone; one on this machine is looked for."""
SIGNS_OF_A_RACE = ("already exists", "unique constraint", "duplicate key", "database is locked")
"""What databases say when two workers make the tables of a new one at the same time."""
ATTEMPTS, SECONDS_BETWEEN_ATTEMPTS = 20, 0.25
UNTRAINED = math.inf
"""The drop that a trial is given which was not trained: Optuna wants a number, and no network can lose more."""


class TrialLedger:
    """The trials of one search.

    Args:
        url: of the storage: of a database as SQLAlchemy names them, or the path of a journal file.
        name: of the search; in one storage there can be many.

    Raises:
        InputError: the storage cannot be reached, or a driver for it is not installed.
    """

    def __init__(self, url: str, name: str) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._states = optuna.trial.TrialState
        self._claimed: Any = None
        self._last_beat = 0.0
        self._study: Study = optuna.create_study(
            storage=opened(url), study_name=name, directions=["minimize", "minimize"], load_if_exists=True
        )

    def finished(self) -> list[Trial]:
        """All trials that came to an end, by their numbers; of two of one number the first."""
        done = self._study.get_trials(deepcopy=False, states=(self._states.COMPLETE,))
        found: dict[int, Trial] = {}
        for each in done:
            trial = Trial.model_validate_json(each.user_attrs[TRIAL])
            found.setdefault(trial.number, trial)
        return [found[number] for number in sorted(found)]

    def claim(self, total: int) -> int | None:
        """Take the lowest number below ``total`` that nobody has tried or is trying; ``None`` if there is none."""
        while True:
            taken = self._taken()
            number = next((each for each in range(total) if each not in taken), None)
            if number is None:
                return None
            claimed = self._study.ask()
            claimed.set_user_attr(WORKER, _this_worker())
            claimed.set_user_attr(BEAT, time.time())
            claimed.set_user_attr(NUMBER, number)
            # Two workers can take one number at once. Both see both then, and the later one gives way.
            if self._taken().get(number) == claimed.number:
                self._claimed, self._last_beat = claimed, time.monotonic()
                return number
            self._study.tell(claimed, state=self._states.FAIL)

    def beat(self) -> None:
        """Say that this worker is still at its trial; now and then."""
        if self._claimed is not None and time.monotonic() - self._last_beat >= SECONDS_BETWEEN_BEATS:
            self._last_beat = time.monotonic()
            self._claimed.set_user_attr(BEAT, time.time())

    def keep(self, trial: Trial) -> None:
        """Keep what the trial that was claimed came to."""
        self._claimed.set_user_attr(TRIAL, trial.model_dump_json())
        values = [float(trial.bytes), UNTRAINED if trial.drop is None else trial.drop]
        self._study.tell(self._claimed, values)
        self._claimed = None

    def give_up(self) -> None:
        """Let others try the number that was claimed, if there is one."""
        if self._claimed is not None:
            self._study.tell(self._claimed, state=self._states.FAIL)
            self._claimed = None

    def _taken(self) -> dict[int, int]:
        """The trial that has each number: Optuna's number of the first that is done or whose worker lives."""
        found: dict[int, int] = {}
        for each in self._study.get_trials(deepcopy=False):
            number = each.user_attrs.get(NUMBER)
            if number is None or number in found:
                continue
            running = each.state == self._states.RUNNING and _lives(each.user_attrs[WORKER], each.user_attrs[BEAT])
            if running or each.state == self._states.COMPLETE:
                found[number] = each.number
        return found


def opened(url: str) -> "BaseStorage":
    """The storage at ``url``, made if need be; errors are those of ``TrialLedger``."""
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend
    from sqlalchemy import make_url

    if "://" not in url:
        path = Path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(path)))
    for attempt in range(ATTEMPTS):
        try:
            return RDBStorage(with_driver(make_url(url)).render_as_string(hide_password=False))
        except ImportError as error:
            missing = getattr(error.__cause__ or error, "name", None) or "a driver"  # Optuna's own error names none
            raise InputError(
                f"--storage: this needs {missing}, which is not installed; install it (for PostgreSQL: pip install "
                "'edgecompress[postgres]')"
            ) from error
        except Exception as error:  # each driver has errors of its own
            reason = " ".join(str(error).split()) or type(error).__name__
            if any(sign in reason.lower() for sign in SIGNS_OF_A_RACE) and attempt + 1 < ATTEMPTS:
                time.sleep(SECONDS_BETWEEN_ATTEMPTS)
                continue
            raise InputError(
                f"cannot use the storage: {reason}; give the path of a journal file, or a URL as "
                "sqlite:///search.db or postgresql://user@host/name"
            ) from error
    raise AssertionError


def _this_worker() -> str:
    return json.dumps([socket.gethostname(), os.getpid(), _started(os.getpid())])


def _lives(worker: str, beat: float) -> bool:
    host, process, started = json.loads(worker)
    if host != socket.gethostname():
        return time.time() - beat < SECONDS_UNTIL_LOST
    return bool(_started(process) == started)


def _started(process: int) -> float | None:
    """The time when a process started: process numbers are used again."""
    import psutil  # type: ignore[import-untyped]

    try:
        found = psutil.Process(process)
        return None if found.status() == psutil.STATUS_ZOMBIE else found.create_time()
    except psutil.NoSuchProcess:
        return None
