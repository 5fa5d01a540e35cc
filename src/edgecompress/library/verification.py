"""A model file held against what it should compute: another file, or a network in memory."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import nn

from edgecompress.equivalence.proof import Shapes
from edgecompress.errors import CheckError, InputError
from edgecompress.export.named import Named, verify_named
from edgecompress.formats import find
from edgecompress.formats.contract import FileSignature
from edgecompress.isolated.outputs import Array, run
from edgecompress.library.examples import Example, tensors
from edgecompress.library.paths import StrPath
from edgecompress.record import Record
from edgecompress.sources.factory import copied
from edgecompress.sources.signature import leaves


class Verified(Record):
    """The result of verifying a file. It exists only for a file that passed."""

    path: str
    reference: str = Field(description="the other file, or the network's class")
    compared: tuple[str, ...] = Field(description="outputs that both computed, and that were found the same")
    inputs: dict[str, tuple[int, ...]] = Field(description="shapes of the inputs that they were computed from")
    largest_difference: float | None = Field(
        default=None,
        description="absolute, over all outputs; null: compared bit by bit or within the runtime's rounding",
    )
    identical_weights: int | None = Field(default=None, description="compared bit by bit; null: only outputs were")
    reason: str = Field(default="", description="why some outputs were not compared; empty where all were")


def verify(
    path: StrPath,
    reference: StrPath | nn.Module,
    example: Example | None = None,
    *,
    tolerance: float | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
) -> Verified:
    """Prove that a model file computes what ``reference`` does, in its runtime, in a process of its own.

    Without ``example`` two files of one format are shown to be the same model, as ``pack`` shows it of what it writes:
    the weights of .onnx files bit by bit, and the outputs on random inputs. With it, the outputs on these inputs are
    compared, with a network's or those of a file of any format.

    Args:
        path: An .onnx or .tflite file.
        reference: Another file, or the network, which is run on the CPU in evaluation mode and not changed.
        example: Inputs: a tensor (samples, ...), or several as a tuple or by the names that ``forward`` has for them.
        tolerance: Largest difference, as a fraction of a sample's largest output. Default: 1e-4 for .onnx, 2e-2 for
            .tflite, which may hold weights in float16.
        shapes: Of inputs by name, where there is no ``example`` and the file leaves sizes free.

    Returns:
        What was compared.

    Raises:
        InputError: A file cannot be read, or what is given does not go together.
        CheckError: The file does not run, computes something else, or holds other weights.
    """
    file = Path(path)
    if isinstance(reference, nn.Module):
        if example is None:
            raise InputError("give example inputs to compare a file with a network: ec.verify(path, net, example)")
        inputs = _filled(tensors(reference, example), file)
        _arrays(_signature(file).inputs, inputs, file)  # as many, before the network is run on them
        expected = _of_network(reference, inputs)
        return _on_example(file, type(reference).__name__, inputs, expected, tolerance)
    other = Path(reference)
    if example is None:
        if tolerance is not None:
            raise InputError("tolerance is for outputs on example inputs; give these too, or leave it out")
        return _same(file, other, {name: tuple(sizes) for name, sizes in (shapes or {}).items()})
    inputs = _filled(_filled(_given(other, example), other), file)
    arrays = _arrays(_signature(other).inputs, inputs, other)
    kind = find.of_file(other)
    layout = "channels_first" if _as_it_is(other, inputs) else kind.layout
    found = run(other, arrays, layout=layout, batch=kind.batch).arrays
    return _on_example(file, str(other), inputs, list(found.values()), tolerance)


def _same(path: Path, other: Path, shapes: Shapes) -> Verified:
    """Show that two files are the same model."""
    kind = find.of_file(path)
    if find.of_file(other) is not kind:
        raise InputError(f"{path} is {kind.name} and {other} is not; give example inputs to compare their outputs on")
    proof, weights = kind.same(path, other, shapes=shapes)
    return Verified(path=str(path), reference=str(other), identical_weights=weights, **proof.model_dump())


def _on_example(
    path: Path, reference: str, inputs: Mapping[str, torch.Tensor], expected: Sequence[Array], tolerance: float | None
) -> Verified:
    """Show that the outputs of a file are the ``expected`` ones."""
    signature = _signature(path)
    takes, gives = signature.inputs, signature.outputs
    if len(gives) != len(expected):
        raise CheckError(f"{path} has {len(gives)} outputs, and {reference} puts out {len(expected)}")
    wanted = Named(
        _arrays(takes, inputs, path), dict(zip(gives, expected, strict=True)), as_it_is=_as_it_is(path, inputs)
    )
    limit = _tolerance(path) if tolerance is None else tolerance
    found = verify_named(path, wanted, relative_tolerance=limit, weights=None)
    return Verified(
        path=str(path),
        reference=reference,
        compared=tuple(gives),
        inputs={name: array.shape for name, array in wanted.inputs.items()},
        largest_difference=found.outputs.largest_difference,
    )


@torch.no_grad()
def _of_network(net: nn.Module, inputs: Mapping[str, torch.Tensor]) -> list[Array]:
    try:
        found = leaves(copied(net)(*inputs.values()))
    except InputError:
        raise
    except Exception as error:  # whatever the network's own code raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{type(net).__name__} does not run on the example inputs: {reason}") from error
    return [each.numpy() for each in found]


def _given(path: Path, example: Example) -> dict[str, torch.Tensor]:
    """Example inputs of a file: by its names, or in its order."""
    if isinstance(example, Mapping):
        takes = list(_signature(path).inputs)
        if set(takes) != set(example):
            raise InputError(f"{path} has the inputs {', '.join(takes)}, and example has {', '.join(example)}")
        return {name: example[name] for name in takes}
    return tensors(nn.Identity(), example)


def _tolerance(path: Path) -> float:
    """Of a file of which nobody says how far its weights were rounded."""
    allowed = find.of_file(path).tolerances
    return allowed.get("float16", allowed["float32"])


def _signature(path: Path) -> FileSignature:
    return find.of_file(path).signature(path)


def _arrays(takes: Mapping[str, object], inputs: Mapping[str, torch.Tensor], path: Path) -> dict[str, Array]:
    """Inputs under the names that they have in a file."""
    if len(takes) != len(inputs):
        raise InputError(f"{path} has {len(takes)} inputs ({', '.join(takes)}), and example has {len(inputs)}")
    order = list(takes) if set(takes) == set(inputs) else list(inputs)
    return {name: np.ascontiguousarray(inputs[each].numpy()) for name, each in zip(takes, order, strict=True)}


def _filled(inputs: dict[str, torch.Tensor], path: Path) -> dict[str, torch.Tensor]:
    """The inputs, with their first samples again at the end until they fill the batches of a file that fixes these."""
    sizes = next(iter(_signature(path).inputs.values()), ())
    batch, count = (sizes[0] if sizes else None) or 1, len(next(iter(inputs.values())))
    rows = torch.arange(-(-count // batch) * batch) % count
    return {name: x[rows] for name, x in inputs.items()}


def _as_it_is(path: Path, inputs: Mapping[str, torch.Tensor]) -> bool:
    """Return whether a TFLite file has the axes of its inputs as a network does: its shapes say so."""
    if find.of_file(path).layout == "channels_first":
        return False
    takes = _signature(path).inputs
    pairs = [(sizes[1:], tuple(x.shape[1:])) for sizes, x in zip(takes.values(), inputs.values(), strict=False)]
    turned = any(sizes == (*shape[1:], *shape[:1]) for sizes, shape in pairs if len(shape) > 1)
    return not turned and any(sizes == shape for sizes, shape in pairs if len(shape) > 1)
