"""The errors a user can cause or meet. Each is one line that says what to do next; the CLI prints it and exits."""

import errno

EXTRAS = {
    "torch": "train",
    "onnxscript": "train",
    "safetensors": "train",
    "torch_pruning": "train",
    "sklearn": "train",
    "onnxruntime": "bench",
    "ai_edge_litert": "bench",
    "psutil": "bench",
    "sqlalchemy": "bench",
    "optuna": "search",
    "psycopg": "postgres",
    "mlflow": "mlflow",
    "fsspec": "study",
    "ray": "ray",
    "jinja2": "report",
    "vl_convert": "report",
    "PIL": "images",
    "serial": "serial",
}
"""Packages that are not always installed, and the extra that brings each."""
# What a user can mend: rights, room, a name that is taken or too long. Any other OSError is a defect and shows itself.
_THE_SYSTEM_SAYS_NO = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT),
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
}
_LONGEST = 2000
"""Characters of a message: what a file or a command line puts into it may be a megabyte long."""


class EdgecompressError(Exception):
    """Base of every expected error. ``exit_code`` is what the command line ends with."""

    exit_code = 2


class InputError(EdgecompressError):
    """An error in what the user gave: a path, a name, a value, a file's content."""


class MissingDependencyError(InputError):
    """A command needs an extra that is not installed. The message names the pip command that mends it."""


class NoInt8Error(InputError):
    """A network or data that are not for int8, which was asked for.

    ``why`` is the message without its end, the way out: a build without int8, which a microcontroller does not have.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}; set export.int8=false")
        self.why = why


class NoFormError(InputError):
    """A file format cannot express what it was given: without that file a build goes on, if the board needs it not."""


class CheckError(EdgecompressError):
    """A failed check of what was made: an invariant, the verification of a file, or a target's budget."""

    exit_code = 3


class RuntimeFailedError(EdgecompressError):
    """A runtime or a device failed while it ran a file: a crash, a timeout, a lost connection."""

    exit_code = 4


class DeviceLostError(RuntimeFailedError):
    """The way to a device is gone: nothing more can be done there until it is reached again."""


def needs_extra(error: ModuleNotFoundError) -> Exception:
    """The error to raise for a module that is not installed: the extra that brings it, or the error itself."""
    name = (error.name or "").split(".")[0]
    if name not in EXTRAS:
        return error
    extra = EXTRAS[name]
    return MissingDependencyError(f"this needs {name}, which is not installed: pip install 'edgecompress[{extra}]'")


def explain(error: Exception) -> tuple[str, int] | None:
    """The line and the exit code for an error that a user can cause or meet; ``None``: it is a defect of ours."""
    if isinstance(error, ModuleNotFoundError):
        error = needs_extra(error)
    if isinstance(error, EdgecompressError):
        return shortened(str(error)), error.exit_code
    if isinstance(error, OSError) and error.errno in _THE_SYSTEM_SAYS_NO:
        where = error.filename or "while writing"
        return shortened(f"{error.strerror}: {where}; check the name, permissions and free space"), InputError.exit_code
    return None


def shortened(message: str) -> str:
    """A message without its middle, where it is too long to be read."""
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 2 :]}"
