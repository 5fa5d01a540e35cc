"""A network in memory to model files: by the path that ``build`` takes for a network of the user's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnx_ir as ir
import torch
from pydantic import Field
from torch import nn

from edgecompress import temporary
from edgecompress.compress.finite import not_finite
from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError, NoFormError
from edgecompress.export.named import Named
from edgecompress.export.verified import Reference, write_float
from edgecompress.export.verify import Verification
from edgecompress.export.written import written
from edgecompress.formats import find
from edgecompress.formats.contract import Format
from edgecompress.library.examples import Example, signature, tensors
from edgecompress.library.paths import StrPath
from edgecompress.progress import Progress, silent
from edgecompress.recipe import Export
from edgecompress.record import Record, check_writable
from edgecompress.sources.alone import noise
from edgecompress.sources.factory import copied, of_module
from edgecompress.sources.model import Model
from edgecompress.sources.signature import EXAMPLES, leaves

_GIVEN, _NOISE = 256, 32
"""Samples that a file is proved on: most of those given, and of noise beside them: an example may be all zeros."""


class ExportedFile(Record):
    """A model file that was written."""

    bytes: int
    ledger: Ledger
    verification: Verification | None = Field(description="its proof; null: none was asked for")


class Exported(Record):
    """The model files that were written, by name."""

    folder: str
    files: dict[str, ExportedFile]

    def __getitem__(self, name: str) -> ExportedFile:
        """The file of this name."""
        return self.files[name]

    def __repr__(self) -> str:
        """A line a file."""
        lines = [
            f"  {name}: {file.bytes:,} bytes, {'not verified' if file.verification is None else 'verified'}"
            for name, file in self.files.items()
        ]
        return "\n".join([f"Exported to {self.folder}", *lines])

    def __str__(self) -> str:
        """The same."""
        return repr(self)


def export(
    net: nn.Module,
    example: Example,
    folder: StrPath,
    formats: Sequence[str] = ("onnx", "tflite"),
    verify: bool = True,
    *,
    encoding: Mode = "smallest",
    tflite_weights: Literal["float32", "float16", "int8", "int8-hybrid"] = "float16",
    output_names: Sequence[str] = (),
    progress: Progress = silent,
) -> Exported:
    """Write a network as ``model.onnx`` and ``model.tflite``, each weight in its smallest encoding.

    What is pruned and clustered gets small; any network can be written. All files appear, or none.

    Args:
        net: Any network whose first axes are the batch. It is copied, and not changed.
        example: Inputs: a tensor (samples, ...), or several as a tuple or by the names that ``forward`` has for them,
            which the files' inputs then have too. One sample is enough.
        folder: Where to write; other files in it stay.
        formats: ``onnx`` for onnxruntime, ``tflite`` for LiteRT.
        verify: Prove each file: its outputs on ``example`` and on noise are the network's, and the weights of .onnx
            are its own bit by bit.
        encoding: ``fast-load``: only what is decoded in one pass at load. ``smallest``: entropy codes too.
        tflite_weights: How far .tflite may round weights; .onnx is always exact.
        output_names: Of the files' outputs. Default: ``output``, or ``output0`` and so on.
        progress: Called with every step.

    Returns:
        Sizes, ledgers and proofs.

    Raises:
        InputError: The network cannot be exported, or a format has no form for it.
        CheckError: A file does not hold or compute what it should.
    """
    kinds = _kinds(formats)
    place = Path(folder)
    check_writable(place)
    if place.is_file():
        raise InputError(f"{place} is a file; give a folder")
    model, inputs = _model(net, example, output_names)
    graph = model.graph(model.module)
    reference = _reference(model, inputs) if verify else None
    settings = Export(encoding=encoding, tflite_weights=tflite_weights)
    place.mkdir(parents=True, exist_ok=True)
    found: dict[str, ExportedFile] = {}
    with temporary.folder(inside=place) as staging:
        for kind in kinds:
            name = f"model.{kind.name}"
            progress(f"export {name}", 0, 1, "writing and proving" if verify else "writing")
            found[name] = _written(graph, staging / name, kind, settings, reference)
            progress(f"export {name}", 1, 1, f"{found[name].bytes:,} bytes")
        for file in sorted(staging.iterdir(), key=lambda file: file.name in found):  # a model after its data
            file.replace(place / file.name)
    return Exported(folder=str(place), files=found)


def _kinds(formats: Sequence[str]) -> list[Format]:
    known = {kind.name: kind for kind in find.formats()}
    wrong = [formats] if isinstance(formats, str) else [each for each in formats if each not in known]
    if wrong or not formats:
        given = f"'{wrong[0]}'" if wrong else "nothing"
        raise InputError(f'formats has {given}; give one or more of {", ".join(known)}, as formats=("onnx",)')
    return [known[each] for each in dict.fromkeys(formats)]


def _model(net: nn.Module, example: Example, output_names: Sequence[str]) -> tuple[Model, list[torch.Tensor]]:
    """The network and its inputs, as those of a network of the user's own."""
    if not isinstance(net, nn.Module):
        raise InputError(f"net is a {type(net).__name__}; give a torch.nn.Module")
    inputs = tensors(net, example)
    if wrong := not_finite(net):
        raise InputError(f"'{wrong}' of {type(net).__name__} is NaN or infinite; load a sound checkpoint")
    source = type(net).__name__
    made = of_module(copied(net), signature(inputs), source=source, trained=True, outputs=output_names, cure=EXAMPLES)
    return made, [*inputs.values()]


@torch.no_grad()
def _reference(model: Model, inputs: Sequence[torch.Tensor]) -> Reference | Named:
    """The network's outputs for the example and for noise."""
    drawn = noise(model.signature.inputs, _NOISE)
    given = [torch.cat([x[:_GIVEN], more]) for x, more in zip(inputs, drawn, strict=True)]
    outputs = [each.numpy() for each in leaves(model.module(*given))]
    if model.signature.plain:
        return Reference(np.ascontiguousarray(given[0].numpy()), outputs[0], None)
    takes = {end.name: x.numpy() for end, x in zip(model.signature.inputs, given, strict=True)}
    return Named(takes, {end.name: y for end, y in zip(model.signature.outputs, outputs, strict=True)})


def _written(
    graph: ir.Model, path: Path, kind: Format, settings: Export, reference: Reference | Named | None
) -> ExportedFile:
    try:
        if reference is None:
            ledger, verification = written(graph, path, kind, settings, compress=True).ledger, None
        else:
            made = write_float(graph, path, kind, settings, reference, compress=True)
            ledger, verification = made.ledger, made.verification
    except NoFormError as error:
        raise InputError(f"no .{kind.name} file: {error}; or leave '{kind.name}' out of formats") from error
    return ExportedFile(bytes=path.stat().st_size, ledger=ledger, verification=verification)
