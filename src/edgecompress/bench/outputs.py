"""The outputs of a file on a device, as a metric needs them, and their distance from this machine's."""

import zipfile
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress.agent.inputs import BROKEN_NPZ, channels_first
from edgecompress.bench.contract import ToMeasure
from edgecompress.bench.journal import Journal
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice, Event
from edgecompress.errors import EdgecompressError
from edgecompress.formats.contract import Layout
from edgecompress.isolated import outputs as isolated
from edgecompress.manifest import End
from edgecompress.progress import Progress

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

OUTPUT = "outputs.npz"
COMPARED = 256
"""Samples whose outputs are held against the host's reference."""
PART = 64 << 20
"""Bytes of outputs that a device writes at once."""
SECONDS = 6 * 3600


def fetch(
    agent: AgentOnDevice | Journal,
    name: str,
    job: Event,
    layout: Layout,
    outputs: Sequence[End],
    count: int,
    place: Path,
    progress: Progress,
) -> tuple[list[str], list[Floats]]:
    """The outputs of one file, in npz files of so many rows as a device holds with ease; and the first rows of them.

    Args:
        agent: on the device.
        name: of the file.
        job: what a step is given of it, with the file of its inputs.
        layout: of the file.
        outputs: of the network, of one sample.
        count: samples to take.
        place: the folder for the npz files.
        progress: called with every part.

    Raises:
        AgentFailedError: the file does not run there, or gives what cannot be judged.
    """
    rows = max(1, PART // (4 * sum(prod(end.shape) for end in outputs)))
    paths, first = [], [np.zeros((0, *end.shape), np.float32) for end in outputs]
    for start in range(0, count, rows):
        size = min(rows, count - start)

        def on_progress(event: Event, start: int = start) -> None:
            progress(f"outputs {name}", min(start + event["done"], count), count)

        asked = {**job, "output": OUTPUT, "outputs": "all", "start": start, "limit": size}
        raw = place / OUTPUT
        agent.fetch("outputs", asked, raw, seconds=SECONDS, on_progress=on_progress)
        arrays = read(raw, size, outputs, layout)
        check_finite(arrays, name, start)
        missing = COMPARED - len(first[0])
        if missing > 0:
            first = [np.concatenate([a, b[:missing]]) for a, b in zip(first, arrays, strict=True)]
        paths.append(str(place / f"{name}-{start}.npz"))
        np.savez(paths[-1], *arrays)
        raw.unlink()
    progress(f"outputs {name}", count, count)
    return paths, first


def check_finite(arrays: Sequence[Floats], name: str, start: int = 0) -> None:
    """Make sure that outputs of a file, those of the sample ``start`` and after, can be judged.

    Raises:
        AgentFailedError: they are not finite.
    """
    if not all(np.isfinite(each).all() for each in arrays):
        raise AgentFailedError(f"{name} gives outputs that are not finite, among samples from {start} on")


def references(
    folder: Path, models: Mapping[str, ToMeasure], inputs: Mapping[str, Array], outputs: Sequence[End]
) -> dict[str, tuple[list[Floats], str]]:
    """The outputs of the ONNX file of each kind in ``folder`` here, and what they are: see ``Measurement``."""
    found: dict[str, tuple[list[Floats], str]] = {}
    for name, file in models.items():
        if file.runtime != "onnxruntime":
            continue
        try:
            ran = isolated.run(folder / name, inputs, layout=file.input_layout, batch=1)
        except EdgecompressError:
            continue  # the file's own rows tell of it
        arrays = list(ran.arrays.values()) if len(outputs) == 1 else [ran.arrays[end.name] for end in outputs]
        count = len(next(iter(inputs.values())))
        what = f"{name}, first {count} samples, on the host in onnxruntime {ran.version}"
        found[file.kind] = [each.astype(np.float32) for each in arrays], what
    return found


def read(path: Path, rows: int, outputs: Sequence[End], layout: Layout) -> list[Floats]:
    """The outputs in an npz file of an agent, channels first, in the network's order.

    A board is not trusted: nothing is taken that has another shape than it must have, or another size than that takes.

    Raises:
        AgentFailedError: the file is not what it must be; one line says why.
    """
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for end in outputs:
                # A file of one output may call it otherwise.
                name = f"{end.name}.npy" if len(outputs) > 1 else archive.namelist()[0]
                with archive.open(name) as stream:
                    found.append(_array(stream, (rows, *_in_file(end.shape, layout)), end.name))
    except BROKEN_NPZ as error:
        raise AgentFailedError(f"its outputs cannot be taken: {error}") from error
    return [channels_first(each, layout).astype(np.float32) for each in found]


def _in_file(shape: Sequence[int], layout: Layout) -> list[int]:
    """The shape of one sample of an output in a file of that layout."""
    last = layout == "channels_last" and len(shape) > 1
    return [*shape[1:], shape[0]] if last else list(shape)


def _array(stream: Any, shape: tuple[int, ...], name: str) -> Array:
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    given, by_columns, dtype = header(stream)
    if given != shape or by_columns or dtype.kind not in "fiub":
        raise ValueError(f"'{name}' is {dtype} of shape {list(given)}, and must be numbers of shape {list(shape)}")
    size = prod(shape) * dtype.itemsize
    content = stream.read(size)
    if len(content) != size:
        raise ValueError(f"'{name}' is cut short")
    return np.frombuffer(content, dtype).reshape(shape)


def difference(outputs: Sequence[Floats], known: Sequence[Floats]) -> tuple[float, float]:
    """The largest difference of the output that differs most for its spread, and that spread."""
    found = []
    for each, other in zip(outputs, known, strict=True):
        off = float(np.abs(each[: len(other)] - other).max(initial=0.0))
        spread = float(np.ptp(other)) if other.size else 0.0
        found.append((off / spread if spread else off and float("inf"), off, spread))
    _, off, spread = max(found)
    return off, spread
