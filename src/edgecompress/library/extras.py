"""The packages that a run from training to measuring needs, looked for before any of them is imported."""

import importlib.util

from edgecompress.errors import EXTRAS, MissingDependencyError


def check_extras() -> None:
    """Make sure that everything is installed before minutes of training, and not when it is needed first.

    Raises:
        MissingDependencyError: The line names the packages that are not there, and the command that brings them.
    """
    wanted = {name: extra for name, extra in EXTRAS.items() if extra in ("train", "bench")}
    lacking = [name for name in wanted if importlib.util.find_spec(name) is None]
    if lacking:
        extras = ",".join(extra for extra in ("train", "bench") if extra in {wanted[name] for name in lacking})
        raise MissingDependencyError(
            f"this needs {', '.join(lacking)}, not installed here: pip install 'edgecompress[{extras}]'"
        )
