"""A metric of the user's own on what model files put out, as a program: ``python -m edgecompress.sources.judging JOB``.

JOB is a JSON file: ``spec`` names the function and ``source_sha256`` is of the file that it was in when the bundle was
built; ``data`` is an npz file that has the ``targets`` of the first ``count`` samples; ``layout`` says how the network
gives its outputs; ``files`` has the npz files of each model file's outputs, one after the other. ``result`` is the JSON
file to write: ``values`` and ``errors`` by model file. Without files it is only seen whether the function is there.
"""

import json
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress import bundle
from edgecompress.agent import metric_source
from edgecompress.agent.errors import JobError
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.sources.callables import find, source_of


def function_of(spec: str, sha256: str, folder: Path) -> Callable[..., Any]:
    """The function that judged the networks when the bundle in ``folder`` was built.

    Raises:
        InputError: it is not found, is another one now, or came with the bundle.
    """
    source = source_of(spec)
    if source is None:
        raise InputError(
            f"{spec} is not found here; run bench in the folder where build was run, or put its folder into PYTHONPATH"
        )
    if source.resolve().is_relative_to(folder):
        raise InputError(f"{spec} is in the bundle itself, and no code of a bundle is run; run bench in another folder")
    if bundle.digest(source) != sha256:
        raise InputError(f"{source} is not what it was when the bundle was built; build the bundle anew")
    return find(spec)


def value_of(function: Callable[..., Any], layout: Any, outputs: Sequence[Any], targets: Any) -> float:
    """The metric of outputs, arrays (N, ...) in the network's order: tensors where torch is installed, as in a build.

    Raises:
        InputError: it raises something, or gives no finite number.
    """
    if find_spec("torch") is not None:
        import torch

        outputs, targets = [torch.from_numpy(each) for each in outputs], torch.from_numpy(targets)
    try:
        return metric_source.value(function, layout, list(outputs), targets)
    except JobError as error:
        raise InputError(str(error)) from error


def main(path: Path) -> None:
    """Do the job in a file.

    Raises:
        InputError: there is no such function; the line says what to do.
    """
    job = json.loads(path.read_text(encoding="utf-8"))
    function = function_of(job["spec"], job["source_sha256"], Path(job["bundle"]))
    values, errors = {}, {}
    for name, parts in job["files"].items():
        with np.load(job["data"], allow_pickle=False) as data:
            targets = data[job["targets"]][: job["count"]]
        read = [list(np.load(part, allow_pickle=False).values()) for part in parts]
        outputs = [np.concatenate(each) for each in zip(*read, strict=True)]
        try:
            values[name] = value_of(function, job["layout"], outputs, targets)
        except InputError as error:
            errors[name] = str(error)
    Path(job["result"]).write_text(json.dumps({"values": values, "errors": errors}), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except EdgecompressError as error:
        sys.exit(str(error))
