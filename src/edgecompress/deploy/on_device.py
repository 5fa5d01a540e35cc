"""The agent on a device: started with a job, its events read, its end explained."""

import hashlib
import json
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from edgecompress import answers
from edgecompress.answers import Event, WrongAnswerError
from edgecompress.deploy.agent_zip import NAME, agent_zip
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import Connection, Finished
from edgecompress.errors import DeviceLostError, RuntimeFailedError
from edgecompress.plain import one_line

__all__ = ["AgentFailedError", "AgentOnDevice", "Event", "WrongAnswerError"]

_COPY_SECONDS = 600
_MOST_EVENTS = 10_000
_TAIL = 500
_NOT_RUN = (126, 127)  # what a shell says of a file that is there and that the system cannot start


class AgentFailedError(RuntimeFailedError):
    """A step did not end well; the line says how."""


class AgentOnDevice:
    """The agent's zip file and the files it runs, in the work folder of a connection."""

    def __init__(self, connection: Connection, python: str = "") -> None:
        """Push the agent. ``python``: another interpreter than the connection's."""
        self._connection = connection
        self._python = python or connection.python
        content = agent_zip()
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._push_bytes(content, NAME)

    def push(self, path: Path) -> None:
        """Push a file under its own name."""
        self._connection.push(path, path.name, Deadline.after(_COPY_SECONDS))

    def pull(self, name: str, path: Path) -> None:
        """Get a file that a step wrote."""
        self._connection.pull(name, path, Deadline.after(_COPY_SECONDS))

    def fetch(
        self, step: str, job: Event, path: Path, *, seconds: float, on_progress: Callable[[Event], None]
    ) -> list[Event]:
        """As ``step``, and get the file that it wrote, which its job names as ``output``."""
        events = self.step(step, job, seconds=seconds, on_progress=on_progress)
        self.pull(job["output"], path)
        return events

    def step(self, step: str, job: Event, *, seconds: float, on_progress: Callable[[Event], None]) -> list[Event]:
        """Run one step to its end, which takes ``seconds`` at most. Returns its events other than progress.

        Raises:
            WrongAnswerError: what it answers is not in order; one line says what.
            AgentFailedError: the job is wrong, the runtime refused a file, or the process crashed or took too long.
            DeviceLostError: the connection was lost.
        """
        events: list[Event] = []

        def on_line(line: str) -> None:
            event = answers.parse(line)
            if event is None:
                return  # a crash can cut a line short; the exit code is the crash's
            if event["event"] == "progress":
                on_progress(answers.progress(event))
            elif len(events) < _MOST_EVENTS:
                events.append(event)
            else:
                raise WrongAnswerError("what answers there does not come to an end")

        arguments = [self._python, NAME, step, json.dumps(job), "--tied"]
        try:
            finished = self._connection.run(arguments, Deadline.after(seconds), on_line)
        except (DeviceLostError, WrongAnswerError):
            raise  # no other step will do better
        except RuntimeFailedError as error:
            raise AgentFailedError(str(error)) from error
        if finished.code:
            raise AgentFailedError(_explain(finished, events, self._python))
        return answers.answer(step, job, events)

    def _push_bytes(self, content: bytes, name: str) -> None:
        with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            self.push(path)


def _explain(finished: Finished, events: list[Event], python: str) -> str:
    """One line on a process that failed: the agent's message, or how it died."""
    messages = [answers.message(event) for event in events if event["event"] == "error"]
    if messages:
        return messages[-1]
    if finished.code < 0:
        try:
            name = signal.Signals(-finished.code).name
        except ValueError:
            name = f"signal {-finished.code}"
        if finished.code == -signal.SIGKILL:
            return "its process was killed (SIGKILL): by someone, or by the system because memory was short"
        return f"the runtime crashed: its process died of {name}"
    if finished.code in _NOT_RUN:
        return f"{python} does not run there: is it of another architecture, or no Python?"
    lines = finished.errors.strip().splitlines()
    return f"the process ended with code {finished.code}: {one_line(lines[-1])[:_TAIL] if lines else 'no message'}"
