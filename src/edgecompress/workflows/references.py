"""The references that files are compared with, and the distance of two networks where no classes judge them."""

from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from numpy.typing import NDArray

from edgecompress.compress.evaluate import outputs
from edgecompress.export.named import Named
from edgecompress.export.verified import Reference
from edgecompress.formats.onnx.run import of_graph
from edgecompress.manifest import Fidelity
from edgecompress.sources import signature
from edgecompress.workflows.evaluation import targets_name
from edgecompress.workflows.prepared import Prepared

Array = NDArray[Any]


def samples_of(given: Prepared, count: int) -> dict[str, Array]:
    """The first ``count`` test samples as the ONNX file takes them: x, and y where there are classes or targets."""
    data = given.data
    x, y = data.test_x[:count], {}
    if data.classes or given.objective is not None:
        y = {targets_name(given): data.test_y[:count]}
    if given.model.by_name:
        found = _inputs(given, x)
        return ({"x": next(iter(found.values()))} if len(found) == 1 else found) | y
    return {"x": x, **y}


def _inputs(given: Prepared, x: NDArray[np.float32]) -> dict[str, Array]:
    """Test inputs by the names that they have in the file."""
    names = [end.name for end in given.model.signature.inputs]
    return signature.as_in_file(
        dict(zip(names, signature.arrays(x, given.model.signature), strict=True)), given.model.signature
    )


def reference(given: Prepared, graph: ir.Model, x: NDArray[np.float32]) -> Reference | Named:
    """The outputs of the network for ``x``, with the weights that it has now.

    Args:
        given: the network.
        graph: the network's ONNX graph with these weights.
        x: test inputs as the stages take them.

    Raises:
        CheckError: onnxruntime does not run a network that PyTorch does not run either.
    """
    if not given.model.by_name:
        return Reference(x, outputs(given.network, torch.from_numpy(x)).numpy(), None)
    inputs = _inputs(given, x)
    if given.model.why_not_run:
        return Named(inputs, of_graph(graph, inputs))
    named = signature.named(outputs(given.network, torch.from_numpy(x)).numpy(), given.model.signature)
    return Named(inputs, signature.as_in_file(named, given.model.signature))


def fidelity(given: Prepared, dense: Reference | Named, compressed: Reference | Named) -> Fidelity:
    """The distance of the compressed network's outputs from the dense one's, on the same inputs."""
    pairs = [
        (np.asarray(a, np.float64).reshape(len(a), -1), np.asarray(b, np.float64).reshape(len(b), -1))
        for a, b in zip(_outputs(dense), _outputs(compressed), strict=True)
    ]
    whole = sum(float(np.square(a).sum()) for a, _ in pairs)
    off = sum(float(np.square(a - b).sum()) for a, b in pairs)
    agreement = None
    if len(pairs) == 1 and pairs[0][0].shape[1] > 1:
        agreement = float(np.mean(pairs[0][0].argmax(1) == pairs[0][1].argmax(1)))
    return Fidelity(
        samples=len(pairs[0][0]),
        inputs="given" if len(given.data.train_x) else "noise",
        relative_error=(off / whole) ** 0.5 if whole else 0.0,
        agreement=agreement,
    )


def _outputs(known: Reference | Named) -> list[Array]:
    return [known.expected] if isinstance(known, Reference) else list(known.expected.values())
