"""The metric's source in a bundle: what a user is shown before a device runs it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgecompress.errors import InputError
from edgecompress.manifest import Manifest


@dataclass(frozen=True)
class MetricSource:
    """A source, read once: the bytes that are shown are those that run.

    Attributes:
        path: its file, in the bundle.
        function: the name of the function in it.
        content: the file's.
    """

    path: Path
    function: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The checksum that consent is bound to."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def lines(self) -> list[str]:
        """The source as it runs, which is as UTF-8 whatever it says of itself."""
        return self.content.decode("utf-8", "backslashreplace").split("\n")


def metric_source(manifest: Manifest, folder: Path) -> MetricSource:
    """The source of the metric of the bundle in ``folder``.

    Raises:
        InputError: it has none that a device can run; the line says why.
    """
    evaluation = None if manifest.judged is None else manifest.judged.evaluation
    if evaluation is None:
        raise InputError(f"{folder} has no metric that a device could run; leave --run-metric out")
    if evaluation.source is None:
        why = evaluation.host_only or "its build is of before there was a choice"
        raise InputError(f"no device can run {evaluation.spec}: {why}; without --run-metric the host judges by it")
    path = folder / Path(evaluation.source).name
    if evaluation.source not in manifest.files or not path.is_file():
        raise InputError(f"{folder} has no file {evaluation.source}; build the bundle again")
    return MetricSource(path, evaluation.spec.rpartition(":")[2], path.read_bytes())
