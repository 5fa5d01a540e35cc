"""The evaluation of a metric of the user's own on model files: what a bundle must say and hold for it."""

from pathlib import Path

from edgecompress import bundle
from edgecompress.manifest import Evaluation
from edgecompress.sources.callables import source_of
from edgecompress.workflows.prepared import Prepared
from edgecompress.workflows.request import Request


def targets_name(given: Prepared) -> str:
    """The name of the targets in ``eval.npz``, which no input has."""
    inputs = {end.name for end in given.model.signature.inputs}
    return next(name for name in ("y", "targets", "_targets") if name not in inputs)


def evaluation(request: Request, given: Prepared) -> Evaluation | None:
    """The way in which ``bench`` takes the metric of files; ``None``: there is no metric, or it cannot.

    It cannot where samples have no batch axis in the file, where the network puts out a type of its own, or where no
    file of Python says what the function does.
    """
    spec, objective = request.metric or request.loss, given.objective
    if spec is None or objective is None or objective.layout is None or given.model.signature.whole:
        return None
    source = source_of(spec)
    if source is None:
        return None
    return Evaluation(
        spec=spec,
        source_sha256=bundle.digest(Path(source)),
        targets=targets_name(given),
        layout=objective.layout,
    )
