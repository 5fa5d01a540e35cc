"""The errors a user can cause or meet. Each is one line that says what to do next; the CLI prints it and exits."""


class EdgecompressError(Exception):
    """Base of every expected error. ``exit_code`` is what the command line ends with."""

    exit_code = 2


class InputError(EdgecompressError):
    """An error in what the user gave: a path, a name, a value, a file's content."""


class MissingDependencyError(InputError):
    """A command needs an extra that is not installed. The message names the pip command that mends it."""


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
