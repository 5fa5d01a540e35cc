"""The agent's command line: ``STEP JOB [--tied]``. Tied, the agent ends when its stdin is closed.

``JOB`` is the job's file, or the JSON object itself, whose relative paths are relative to the working folder.

Exit codes: 0 done; 2 the job is wrong, or something it needs is missing; 3 the runtime refused the file or failed in
it; 4 tied, and left alone. For 2 and 3 the last line of stdout is an ``error`` event. Any other code is a crash.
"""

import os
import sys
import threading
from pathlib import Path

from .errors import JobError, RuntimeRefusedError
from .events import Events
from .job import Job
from .steps import STEPS, find

LEFT_ALONE = 4


def main(arguments: list[str]) -> int:
    """Run one step and return the process's exit code."""
    events = Events.on_stdout()
    try:
        _run(arguments, events)
    except (JobError, RuntimeRefusedError) as error:
        events.emit("error", message=str(error))
        return error.exit_code
    return 0


def _run(arguments: list[str], events: Events) -> None:
    tied = arguments[2:] == ["--tied"]
    if len(arguments) != 2 + tied or arguments[0] not in STEPS:
        raise JobError("usage: agent STEP JOB.json [--tied], where STEP is one of " + ", ".join(STEPS))
    if tied:
        # Whoever started the agent may be killed, and a lost connection to a board tells the board nothing but this.
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    step, job = arguments[:2]
    find(step)(Job.parse(job) if job.startswith("{") else Job.read(Path(job)), events)


def _end_with_stdin() -> None:
    """Wait, without using the processor, until nobody holds the other end of stdin; then end this process at once."""
    while os.read(0, 4096):
        pass
    os._exit(LEFT_ALONE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
