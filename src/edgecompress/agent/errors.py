"""The errors that the agent can explain. Each is one line, sent as an ``error`` event."""


class JobError(Exception):
    """The job is wrong: a key, a value, a file, a missing package. The line says what to do."""

    exit_code = 2


class NotOfferedError(Exception):
    """A runtime has no way to tell what was asked, of this file or of any. The line says why; nothing failed."""


class RuntimeRefusedError(Exception):
    """The runtime refused the model file, or failed while it ran it. The line has the runtime's message."""

    exit_code = 3


def first_line(error: BaseException) -> str:
    """The first line with something in it of what an exception says, or the exception's name."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
