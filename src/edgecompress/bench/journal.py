"""The journal of measurements, a JSON line a step in a file, so that a run that is cut off goes on where it was."""

import datetime
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from edgecompress.answers import Event, WrongAnswerError, answer
from edgecompress.deploy.on_device import AgentOnDevice

KEPT = datetime.timedelta(hours=24)
# TypeError is what a time without a zone makes of the comparison; RecursionError, a line of brackets alone.
_NOT_OURS = (ValueError, TypeError, RecursionError)


class Journal:
    """An agent whose steps are remembered. Steps that an earlier run finished are not run again."""

    def __init__(self, agent: AgentOnDevice, path: Path, key: Mapping[str, Any]) -> None:
        """``key`` is everything that the results depend on beside a step's job: a journal of another is not read."""
        self._agent, self._path = agent, path
        self.sha256 = agent.sha256
        self._key = _digest({**key, "agent": agent.sha256})
        self.earlier: list[str] = []  # what was taken from it: a step, its files and when it was measured
        self.notes: list[str] = []  # what was not, because no agent of ours writes such a thing
        try:
            self._done = _read(path, self._key)
        except _NOT_OURS as error:
            self._done = {}
            self._set_aside(str(error))

    def push(self, path: Path) -> None:
        """As the agent's."""
        self._agent.push(path)

    def fetch(
        self, step: str, job: Event, path: Path, *, seconds: float, on_progress: Callable[[Event], None]
    ) -> list[Event]:
        """As the agent's. It is not remembered: what it makes is a file, which may be large, and no answer."""
        return self._agent.fetch(step, job, path, seconds=seconds, on_progress=on_progress)

    def step(self, step: str, job: Event, *, seconds: float, on_progress: Callable[[Event], None]) -> list[Event]:
        """As the agent's, or what an earlier run saw."""
        number = _digest([step, job])
        entry = self._done.pop(number, None)
        if entry is not None:
            try:
                events = answer(step, job, entry["events"])
            except WrongAnswerError as error:
                self._set_aside(str(error))
            else:
                names = ", ".join(str(event.get("file", "")) for event in events)
                self.earlier.append(f"{step} of {names}, {entry['time']}")
                return events
        events = self._agent.step(step, job, seconds=seconds, on_progress=on_progress)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        line = json.dumps({"key": self._key, "step": number, "time": now, "events": events})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as stream:
            # A line that was cut short, as by a full disk, must not spoil the one after it.
            start = b"" if _is_whole(stream) else b"\n"
            stream.write(start + line.encode() + b"\n")
        return events

    def _set_aside(self, why: str) -> None:
        """Keep the file under another name: what it holds is measured again."""
        aside = self._path.with_name(f"{self._path.name}.bad")
        if self._path.exists():
            self._path.replace(aside)
            self.notes.append(f"what an earlier run measured is not taken, and was set aside as {aside.name}: {why}")

    def forget(self) -> None:
        """Remove the file: its content is in a record now."""
        self._path.unlink(missing_ok=True)


def _is_whole(stream: BinaryIO) -> bool:
    """Return whether the content of a file ends with an end of line."""
    if not stream.seek(0, os.SEEK_END):
        return True
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) == b"\n"


def _read(path: Path, key: str) -> dict[str, Any]:
    """The steps of this key that are not too old. A line that was cut short is none.

    Raises:
        ValueError: a line is of no journal.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return {}
    found = {}
    oldest = datetime.datetime.now(datetime.UTC) - KEPT
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in ("key", "step", "time")):
            raise ValueError("it has a line that is of no journal")
        events = entry.get("events")
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise ValueError("it has a step without events")
        is_fresh = datetime.datetime.fromisoformat(entry["time"]) > oldest
        if entry["key"] == key and is_fresh:
            found[entry["step"]] = entry
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
