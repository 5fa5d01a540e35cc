"""The user's own model and data, each from what names it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from edgecompress.compress.finite import not_finite
from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.progress import Progress
from edgecompress.recipe import Inputs
from edgecompress.sources import datasets
from edgecompress.sources.callables import is_callable
from edgecompress.sources.data.dataset import dataset, nothing
from edgecompress.sources.data.folder import folder
from edgecompress.sources.data.loaders import loaders
from edgecompress.sources.data.npz import npz
from edgecompress.sources.data.samples import Samples
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.factory import factory
from edgecompress.sources.model import Model, file_of, short_name
from edgecompress.sources.onnx_file import onnx_file
from edgecompress.sources.program import program
from edgecompress.sources.signature import Signature

NO_DATA = "none"
NOISE_SAMPLES = 256


def is_custom_data(spec: str) -> bool:
    """Return whether ``spec`` names the user's own data, or says that there are none, and no built-in data set."""
    if spec in datasets.names():
        return False
    return spec == NO_DATA or is_callable(spec) or Path(spec).suffix == ".npz" or "/" in spec or Path(spec).is_dir()


def inputs_of(shapes: Sequence[str]) -> tuple[End, ...]:
    """Inputs as a recipe writes them: ``3x224x224``, ``tokens=16:int64``.

    Raises:
        InputError: one is not written like that.
    """
    found = []
    for number, text in enumerate(shapes):
        name, _, rest = text.rpartition("=")
        sizes, _, dtype = rest.partition(":")
        whole = [int(size) for size in sizes.split("x") if size.isdecimal()]
        known = dtype in ("", "float32", "float16", "int32", "int64", "bool")
        if len(whole) != len(sizes.split("x")) or not all(whole) or not known:
            raise InputError(f"inputs.shapes: '{text}' is not a shape; write it as 3x224x224 or tokens=16:int64")
        usual = "input" if len(shapes) == 1 else f"input{number}"
        found.append(End(name=name or usual, shape=whole, dtype=dtype or "float32"))
    return tuple(found)


def samples(spec: str, inputs: Sequence[End], progress: Progress, *, targets: bool = False) -> Samples:
    """The samples that ``spec`` names, for a network of these ``inputs``; empty: they are not known yet.

    ``targets``: what they are to be learnt is for a loss of the user's own, and need not be classes.

    Raises:
        InputError: there are none, or they do not fit.
    """
    if is_callable(spec):
        return loaders(spec, inputs, targets=targets)
    path = Path(spec)
    if path.is_dir():
        shape = tuple(inputs[0].shape) if len(inputs) == 1 else None
        if len(inputs) > 1:
            raise InputError(
                f"{spec} holds images, and the network has {len(inputs)} inputs; give them as an .npz file"
            )
        return folder(path, shape, progress)
    if not path.is_file():
        raise InputError(
            f"{spec} does not exist; give a folder of images by class, an .npz file or package.module:loaders"
        )
    if path.suffix != ".npz":
        raise InputError(f"{spec} is no data that can be read; give a folder of images by class, or an .npz file")
    return npz(path, inputs, targets=targets)


def read(
    model: str | Callable[[tuple[End, ...]], Model],
    data: str,
    settings: Inputs,
    *,
    checkpoint: Path | None,
    seed: int,
    known: Callable[[], Dataset],
    progress: Progress,
    targets: bool = False,
) -> tuple[Model, Dataset, tuple[str, ...]]:
    """A network and data, of which at least the network is the user's own, and the warnings about them.

    Args:
        model: what names the network, or makes one that is in memory, of inputs.
        data: what names the data.
        settings: the recipe's, on inputs.
        checkpoint: the network's weights, in a file of their own.
        seed: of the network's initial weights, and of noise.
        known: reads the built-in data set that ``data`` names.
        progress: called with what is read.
        targets: as ``samples``.

    Raises:
        InputError: one of them cannot be read, or they do not fit together.
    """
    shapes = inputs_of(settings.shapes)
    custom_data = is_custom_data(data)
    found, built_in = None, None if custom_data else known()
    if not isinstance(model, str) or is_callable(model):
        if custom_data and data != NO_DATA:
            found = samples(data, shapes, progress, targets=targets)
        inputs = shapes or _inputs(found, built_in)
        if isinstance(model, str):
            torch.manual_seed(seed)
            network = factory(model, inputs, checkpoint)
        else:
            network = model(inputs)
    else:
        if checkpoint:
            raise InputError(f"--checkpoint is for networks without weights; {model} has its own")
        path = file_of(model)
        network = program(path, shapes) if path.suffix == ".pt2" else onnx_file(path, shapes)
        if custom_data and data != NO_DATA:
            found = samples(data, network.signature.inputs, progress, targets=targets)
    name = not_finite(network.module)
    if name is not None:
        raise InputError(
            f"'{name}' of {network.source} holds NaN or infinite values from the start; give the network with weights "
            "that are numbers"
        )
    if built_in is not None:
        return network, _fitting(built_in, network), ()
    if found is None:
        return network, nothing(network.signature, NOISE_SAMPLES, seed), ()
    return network, dataset(short_name(data), found, network.signature, settings, targets=targets), found.notes


def _inputs(found: Samples | None, built_in: Dataset | None) -> tuple[End, ...]:
    """The inputs of a network that takes these data."""
    if found is not None:
        return found.shapes
    if built_in is not None:
        return (End(name="input", shape=list(built_in.input_shape), dtype="float32"),)
    raise InputError(
        "without data the network's input is not known; say its shape: --set 'inputs.shapes=[\"3x224x224\"]'"
    )


def _fitting(data: Dataset, network: Model) -> Dataset:
    """``data``, if it is of the network's shape and classes."""
    inputs, outputs = network.signature.inputs, network.signature.outputs
    if [list(data.input_shape)] != [end.shape for end in inputs]:
        takes = ", ".join("x".join(map(str, end.shape)) for end in inputs)
        raise InputError(
            f"{data.name} is of shape {'x'.join(map(str, data.input_shape))}, {network.name} takes {takes}"
        )
    if [[len(data.classes)]] != [end.shape for end in outputs]:
        gives = ", ".join("x".join(map(str, end.shape)) for end in outputs)
        raise InputError(f"{data.name} has {len(data.classes)} classes, and {network.name} puts out {gives}")
    return data


def built_in_signature(found: Samples, shapes: tuple[End, ...]) -> Signature:
    """The ends of a built-in network that learns ``found``.

    Raises:
        InputError: they have no classes, or are not of one input.
    """
    if found.no_classes:
        raise InputError(found.no_classes)
    if found.training.y is None or len(found.training.x) != 1:
        raise InputError("a built-in network learns classes; give one array of samples and their classes")
    count = len(found.classes) if found.classes else int(found.training.y.max()) + 1
    inputs = shapes or found.shapes
    return Signature((inputs[0],), (End(name="logits", shape=[count], dtype="float32"),))
