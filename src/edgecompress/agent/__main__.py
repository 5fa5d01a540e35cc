"""The agent's command line: ``STEP JOB.json``.

Exit codes: 0 done; 2 the job is wrong, or something it needs is missing; 3 the runtime refused the file or failed in
it. For 2 and 3 the last line of stdout is an ``error`` event. Any other code is a crash.
"""

import sys
from pathlib import Path

from .errors import JobError, RuntimeRefusedError
from .events import Events
from .job import Job
from .steps import STEPS


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
    if len(arguments) != 2 or arguments[0] not in STEPS:
        raise JobError("usage: agent STEP JOB.json, where STEP is one of " + ", ".join(sorted(STEPS)))
    step, job = arguments
    STEPS[step](Job.read(Path(job)), events)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
