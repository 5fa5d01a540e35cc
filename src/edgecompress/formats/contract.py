"""The contract of a file format: facts and plain functions, as ``FORMAT`` in the module ``format`` of its folder.

A format says how its files are run, written, read, packed and proved; nothing outside its folder knows it by name. What
may be absent has a default: a format without it goes without that variant, way back or further proof.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.equivalence.proof import Proof, Shapes, Written
from edgecompress.formats.ecz.found import Found, FoundArray
from edgecompress.progress import Progress
from edgecompress.recipe import Export
from edgecompress.record import Record

if TYPE_CHECKING:
    import onnx_ir as ir

Layout = Literal["channels_first", "channels_last"]
Rounding = Literal["float32", "float16", "int8", "int8-hybrid"]
Array = npt.NDArray[np.generic]
Arrays = Mapping[str, Array]

# Relative to a sample's largest output. Half a unit in the last place of float16 is 2**-11, of int8 2**-8 of the
# largest weight of a channel; errors add up over the layers, and hybrid kernels round the inputs of each layer too.
EXACT = 1e-4
ROUNDED: Mapping[Rounding, float] = {"float32": 1e-3, "float16": 2e-2, "int8": 1e-1, "int8-hybrid": 2.5e-1}


class Write(Protocol):
    """Writes the float32 graph ``model`` to ``path`` and returns the ledger of the written file.

    ``compress=False`` writes the dense float32 file that everything is compared with; ``compress=True`` stores each
    weight in the smallest encoding of the format, of those that ``encoding`` allows: ``fast-load`` only what is decoded
    in one pass, ``smallest`` all. The model given is not changed, the file appears at once or not at
    all (``record.write_atomically``), and the same model gives the same bytes. Further keywords are options of the
    format, see ``Format.options``.

    Raises:
        InputError: the model holds what the format cannot express, or weights that are NaN or infinite.
    """

    def __call__(self, model: "ir.Model", path: Path, *, compress: bool, encoding: Mode = "smallest") -> Ledger:
        """Write the file."""
        ...


class Pack(Protocol):
    """Writes the smallest lossless equivalent of the file ``source`` as ``target``, proved before it appears.

    ``shapes``: of inputs whose sizes the file leaves free. ``any_gain``: take what is a byte smaller.

    Raises:
        InputError: the source cannot be read or is damaged, or ``shapes`` do not fit it.
        CheckError: what was written is not the source's equal.
    """

    def __call__(self, source: Path, target: Path, *, encoding: Mode, shapes: Shapes | None, any_gain: bool) -> Written:
        """Pack the file."""
        ...


class Same(Protocol):
    """Proves that ``path`` is the model ``source``, as packing does; with how many weights were compared.

    Raises:
        InputError: a file cannot be read, or ``shapes`` do not fit ``source``.
        CheckError: ``path`` is another model.
    """

    def __call__(self, path: Path, source: Path, *, shapes: Shapes | None) -> tuple[Proof, int | None]:
        """Compare both; ``None``: their outputs alone."""
        ...


class ArithmeticWriter(Protocol):
    """Writes the float32 graph ``model`` so that it is computed in other arithmetic; with what it must decode to.

    Raises:
        InputError: the format, or the quantiser, refuses the network.
        CheckError: weights are not the rounded ones.
    """

    def __call__(
        self, model: "ir.Model", path: Path, inputs: npt.NDArray[np.float32], /, *, compress: bool, encoding: Mode
    ) -> tuple[Ledger, Arrays | None]:
        """Write the file; ``inputs``, float32 (N, channels, ...), are to calibrate with where that is needed."""
        ...


@dataclass(frozen=True)
class FinishedFile:
    """A compressed file that is right on every processor.

    Attributes:
        ledger: of the file.
        verdict: what it does on other processors.
        twin: for a file that pays on other processors than this one: writes one of the same weights for this, to judge
            latency by.
    """

    ledger: Ledger
    verdict: Record | None = None
    twin: Callable[[Path], Ledger] | None = None


@dataclass(frozen=True)
class FileSignature:
    """The inputs of a file by name, ``None`` for sizes that it leaves free, and the names of its outputs, in order."""

    inputs: Mapping[str, tuple[int | None, ...]]
    outputs: Sequence[str]


class Boxed(Protocol):
    """The sizes of a container: of the files in it, and its own."""

    @property
    def source_bytes(self) -> int:
        """Of the files."""
        ...

    @property
    def container_bytes(self) -> int:
        """Of the container."""
        ...


class Box(Protocol):
    """Packs the model file ``source``, and data beside it, into the container ``target``.

    Raises:
        InputError: the source cannot be read or is no model.
        CheckError: the container does not unpack to its source.
    """

    def __call__(self, source: Path, target: Path, *, progress: Progress) -> Boxed:
        """Pack the file."""
        ...


def _no_options(_: Export) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Format:
    """One format of model files.

    Attributes:
        name: of its folder, and its files' suffix without the dot.
        title: for sentences.
        runtime: by which profiles and records call what runs it; the agent has an engine for the suffix.
        package: of the runtime, as it is installed.
        layout: of a file's inputs.
        tolerances: largest difference of outputs, as a fraction of a sample's largest, by how far weights are rounded.
            With ``float32`` alone weights are compared bit by bit.
        write: a graph as a file.
        read: the weights of a file by name, one after the other, as its runtime sees them.
        inspect: the ledger of any file, whoever wrote it.
        pack: any file made smaller.
        same: whether two files are one model.
        signature: what a file takes and gives.
        runs_in: runtimes that run a file, with their versions.
        arrays: where the numbers of a file lie, for a container, and those in files beside it; ``ValueError``: damaged.
        recognise: whether a file that starts with these 8 bytes is of the format; ``None``: its suffix says so.
        options: what of a recipe's ``[export]`` is for ``write``; ``weights``, if there, is how far it may round.
        batch: samples that a file is run with at once, where it leaves their number free.
        partial: whether there are networks that it has no form for, of which a build leaves its files out.
        skips_zeros: whether its runtime has kernels that skip zeros, on boards that say so.
        unpack: a packed file as a plain one; ``None``: nothing in it stands before the weights.
        int8, float16: the arithmetic variants; ``None``: there is none.
        finish: writes a compressed file with the function given until it is right on every processor, or raises
            ``CheckError``.
        elsewhere: what a written file does on other processors; ``CheckError``: something wrong.
    """

    name: str
    title: str
    runtime: str
    package: str
    layout: Layout
    tolerances: Mapping[Rounding, float]
    write: Write
    read: Callable[[Path], Iterator[tuple[str, Array]]]
    inspect: Callable[[Path], Ledger]
    pack: Pack
    same: Same
    signature: Callable[[Path], FileSignature]
    runs_in: Callable[[Path], Sequence[str]]
    arrays: Callable[[Any], tuple[Sequence[Found], Mapping[str, Sequence[FoundArray]]]]
    recognise: Callable[[bytes], bool] | None = None
    options: Callable[[Export], Mapping[str, Any]] = _no_options
    batch: int = 1
    partial: bool = False
    skips_zeros: bool = False
    unpack: Callable[[Path, Path], None] | None = None
    int8: ArithmeticWriter | None = None
    float16: ArithmeticWriter | None = None
    finish: Callable[[Callable[..., Ledger], Path, Export], FinishedFile] | None = None
    elsewhere: Callable[[Path], Record] | None = None

    @property
    def suffix(self) -> str:
        """With the dot."""
        return f".{self.name}"

    @property
    def exact(self) -> bool:
        """Return whether a file's weights are the network's bit by bit."""
        return set(self.tolerances) == {"float32"}

    def rounding(self, settings: Export) -> Rounding:
        """The coarsest type that a compressed file's weights may be rounded to."""
        rounding: Rounding = self.options(settings).get("weights", "float32")
        return rounding


@dataclass(frozen=True)
class Container:
    """A format that holds a model file of any format, to store and send; the agent unpacks it.

    Attributes:
        name: of its folder, and its files' suffix without the dot.
        recognise: whether a file that starts with these 8 bytes is one.
        pack: writes a model file as one.
    """

    name: str
    recognise: Callable[[bytes], bool]
    pack: Box

    @property
    def suffix(self) -> str:
        """With the dot."""
        return f".{self.name}"
