"""A build for a microcontroller: what it needs, a rehearsal before any training, and the one file with its sources."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgecompress import bundle
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import CheckError, InputError, NoInt8Error
from edgecompress.estimate.records import Lead, LeadCandidate
from edgecompress.export.accuracy import FileAccuracy
from edgecompress.export.kinds import STEMS, Kind
from edgecompress.export.memory import Memory
from edgecompress.export.microcontroller import prove, sources, vela
from edgecompress.export.microcontroller.operators import check_known, in_order
from edgecompress.export.microcontroller.records import MicrocontrollerProof
from edgecompress.export.verified import LEAST_AGREEMENT, Calibrated, Reference
from edgecompress.export.verify import Verification, compare_answers
from edgecompress.formats import find
from edgecompress.formats.contract import Format
from edgecompress.heap import trim_heap
from edgecompress.int8.calibration import Floats, calibration
from edgecompress.int8.program import check_installed as check_quantisers
from edgecompress.manifest import ModelFile, PlainFile
from edgecompress.progress import Progress
from edgecompress.target import TFLITE_MICRO, Target
from edgecompress.workflows.prepared import Prepared
from edgecompress.workflows.request import Request

FORMAT = "tflite"
COMPILED = "model-vela.tflite"
"""The file that Vela compiled."""
SAMPLES = 256
"""Most samples whose outputs are compared with LiteRT's, and whose answers with the network's."""
_AT_THE_ENDS = ("QUANTIZE", "DEQUANTIZE")  # of every network here: inputs and outputs are float32
_FEW = 16  # samples that calibrate the rehearsal


def asked(request: Request, board: Target) -> Request:
    """The request with int8 on, where the board is a microcontroller and its packages are there.

    Raises:
        MissingDependencyError: one is not; the line says what to install.
    """
    if not board.is_microcontroller:
        return request
    check_quantisers()
    prove.check_installed()
    if board.npu is not None:
        vela.check_installed()
    return replace(request, changes=("export.int8=true", *request.changes))


def packages(board: Target) -> tuple[str, ...]:
    """The packages whose versions a microcontroller's manifest has beside the others'."""
    if not board.is_microcontroller:
        return ()
    return (TFLITE_MICRO,) if board.npu is None else (TFLITE_MICRO, vela.DISTRIBUTION)


def check_pays(board: Target, instead: str) -> None:
    """Make sure that accuracy given up for zeros and few values makes the board's file smaller.

    Raises:
        InputError: it does not; the line ends with what to do ``instead``.
    """
    if board.is_microcontroller and board.npu is None:
        raise InputError(
            f"{board.name} keeps a byte a weight in flash, whatever its value: more zeros and fewer bits cost accuracy "
            f"and save nothing there; {instead}, or choose a board with an Ethos-U, which decodes compressed weights"
        )


@contextmanager
def int8_alone(board: Target) -> Iterator[None]:
    """Have what is not for int8 refused without the advice to build without it, where the board runs nothing else."""
    try:
        yield
    except NoInt8Error as error:
        if not board.is_microcontroller:
            raise
        raise InputError(f"{board.name} runs int8 alone: {error.why}, or choose a board with Linux") from error


def rehearse(board: Target, given: Prepared, *, progress: Progress, warn: Callable[[str], None]) -> None:
    """Quantise the network as it is and run it as the board would: operators, arena and size need no training.

    Raises:
        InputError: it is not for int8 and TensorFlow Lite Micro, or one of the board's tools refuses it.
        CheckError: it is over a budget that is enforced.
    """
    if not board.is_microcontroller:
        return
    _check_possible(board, given)
    progress(f"{board.name}: the network before training", 0, 1, "quantised and run, to see that it can be")
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        path, rows = Path(name) / f"{STEMS['int8']}.{FORMAT}", Path(name) / "x.npz"
        _quantised(given.graph(), path, calibration(given.data.train_x, _FEW))
        check_known(in_order(path), board.name)
        np.savez(rows, x=given.data.train_x[:1])
        # Not judged: of the few outputs of one sample, one that is a step off may be more than may be.
        proof = _or_refused(board, lambda: prove.run(path, rows, layout=_format().layout, compare=1)[2])
        if board.npu is not None:
            proof = proof.model_copy(update={"vela": vela.compile_for(board.npu, path, Path(name) / COMPILED)})
        # Weights that are not compressed yet take more of an Ethos-U's flash than those that will be.
        size = None if board.npu is not None else path.stat().st_size
        over = [] if given.context.recipe.structure else over_budget(board, size, proof)
    progress(f"{board.name}: the network before training", 1, 1, f"it runs, in an arena of {_kib(proof.arena_bytes)}")
    trim_heap()
    if over and board.budget.enforce:
        raise CheckError(" ".join(over))
    for message in over:
        warn(f"before training: {message}")
    left = [each for each in (proof.vela.on_cpu if proof.vela else []) if each not in _AT_THE_ENDS]
    if left:
        warn(f"Vela leaves {', '.join(left)} to the processor of {board.name}, which is slow at it")


def over_budget(board: Target, size: int | None, proof: MicrocontrollerProof) -> list[str]:
    """The excess of a file of ``size`` bytes in flash over the board's budget, a line each; ``None``: not known yet."""
    budget, found = board.budget, []
    name, ram, whose = f"{STEMS['int8']}.{FORMAT}", proof.ram_bytes, "its tensor arena"
    if proof.vela is not None:
        name, whose = COMPILED, "its tensor arena, with activations as Vela estimates them"
    if size is not None and budget.file_kib is not None and size > 1024 * budget.file_kib:
        found.append(
            f"{name} has {_kib(size)}, {board.name}'s budget is {budget.file_kib} KiB; lower width in the recipe, or "
            "choose another network"
        )
    if budget.arena_kib is not None and ram > 1024 * budget.arena_kib:
        found.append(
            f"{name} needs {_kib(ram)} of RAM ({whose}), {board.name}'s budget is {budget.arena_kib} KiB; lower width "
            "in the recipe or the inputs' size, or choose another network"
        )
    return found


@dataclass
class MicrocontrollerFiles:
    """The files of a microcontroller's bundle, written as the networks come.

    Attributes:
        folder: of the bundle.
        board: a microcontroller.
        given: what is built.
        calibrated: for int8.
        progress: told of every step.
        plain: the files beside the model, filled in by ``of_network``.
    """

    folder: Path
    board: Target
    given: Prepared
    calibrated: Calibrated
    progress: Progress
    plain: dict[str, PlainFile] = field(default_factory=dict)
    _dense: int | None = None

    def of_network(self, kind: Kind, graph: ir.Model, reference: Reference) -> dict[str, ModelFile]:
        """The model file of a network, by name: of the compressed one; the dense one is only compiled for an Ethos-U.

        Raises:
            CheckError: the file does not compute what it should.
        """
        if kind == "dense":
            self._dense = self._encoded(graph)
            return {}
        name = f"{STEMS['int8']}.{FORMAT}"
        path = self.folder / name
        self.progress(f"export {name}", 0, 1, "writing and proving")
        ledger = _quantised(graph, path, self.calibrated.inputs)
        trim_heap()
        produced, version, proof = prove.prove(path, self.calibrated.samples, layout=_format().layout, compare=SAMPLES)
        some = min(len(produced), len(reference.expected))
        outputs = compare_answers(path, produced[:some], reference.expected[:some], least_agreement=LEAST_AGREEMENT)
        flashed = path
        if self.board.npu is not None:
            flashed = self.folder / COMPILED
            estimate = vela.compile_for(self.board.npu, path, flashed)
            estimate = estimate.model_copy(update={"dense_encoded_weight_bytes": self._dense})
            proof = proof.model_copy(update={"vela": estimate})
            self.plain[COMPILED] = _plain(flashed, f"{name} as Vela compiled it for {self.board.npu}: flash this one")
        self._write_sources(flashed, proof.ram_bytes, produced.shape)
        self.progress(f"export {name}", 1, 1, f"{ledger.file_bytes:,} bytes, proved in {TFLITE_MICRO}")
        made = ModelFile(
            runtime=TFLITE_MICRO,
            kind="int8",
            bytes=path.stat().st_size,
            sha256=bundle.digest(path),
            input_layout=_format().layout,
            runs_in=[f"{TFLITE_MICRO} {version}", *_format().runs_in(path)],
            ledger=ledger,
            verification=Verification(runtime=TFLITE_MICRO, version=version, outputs=outputs),
            memory=Memory(after_load=None, peak=None),
            accuracy=_accuracy(produced, self.calibrated.samples),
            microcontroller=proof,
        )
        return {name: made}

    def _encoded(self, graph: ir.Model) -> int | None:
        """The bytes that Vela encodes the weights of the dense network to; ``None``: it does not compile it."""
        if self.board.npu is None:
            return None
        with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
            path = Path(name) / f"dense.{FORMAT}"
            try:
                _quantised(graph, path, self.calibrated.inputs)
                return vela.compile_for(self.board.npu, path, Path(name) / COMPILED).encoded_weight_bytes
            except (InputError, CheckError):
                return None  # the compressed network is what is built; it is judged by itself

    def _write_sources(self, flashed: Path, arena: int, shape: tuple[int, ...]) -> None:
        shapes = prod(self.given.data.input_shape), prod(shape[1:])
        found = sources.write_sources(
            self.folder, flashed, arena=arena, operators=sorted(set(in_order(flashed))), shapes=shapes
        )
        self.plain |= {name: _plain(self.folder / name, what) for name, what in found.items()}


def lead(board: Target, models: dict[str, ModelFile], limit: float) -> Lead:
    """The one file of a microcontroller's bundle leads."""
    ((name, file),) = models.items()
    return Lead(
        file=name,
        why=f"{board.name} runs int8 in TensorFlow Lite Micro, and this is the file for it",
        basis="rule",
        limit=limit,
        note="nothing runs on a microcontroller's processor here",
        candidates={name: LeadCandidate(runtime=TFLITE_MICRO, bytes=file.bytes)},
    )


def _check_possible(board: Target, given: Prepared) -> None:
    """Make sure that what is built can be judged in int8: one input, classes, samples to calibrate with."""
    only = f"{board.name} runs int8 alone, which"
    if given.context.recipe.export.int8 is not True:
        raise InputError(f"{only} export.int8=false forbids; leave that out")
    if given.model.by_name or given.model.why_not_run:
        raise InputError(f"{only} is for networks of one input and one output of scores; choose another network")
    if given.context.recipe.cluster.max_drop is not None:
        check_pays(board, "leave --max-drop out")
    if not given.data.classes or not len(given.data.train_x):
        raise InputError(f"{only} is calibrated with training samples and judged by classes: give data that have both")


def _or_refused(board: Target, run: Callable[[], MicrocontrollerProof]) -> MicrocontrollerProof:
    try:
        return run()
    except CheckError as error:
        reason = str(error).partition("does not load ")[2] or str(error)
        raise InputError(
            f"{board.name}'s runtime does not take this network: {reason}; choose another network"
        ) from error


def _quantised(graph: ir.Model, path: Path, inputs: Floats) -> Ledger:
    int8 = _format().int8
    assert int8 is not None
    return int8(graph, path, inputs, compress=True, encoding="smallest")[0]


def _format() -> Format:
    return next(each for each in find.formats() if each.name == FORMAT)


def _accuracy(produced: Floats, samples: Path) -> FileAccuracy:
    """The labels of ``samples`` that the outputs hit."""
    with np.load(samples, allow_pickle=False) as archive:
        labels = archive["y"]
    correct = int(np.count_nonzero(produced.reshape(len(produced), -1).argmax(axis=1) == labels))
    return FileAccuracy(correct=correct, samples=len(labels), percent=100 * correct / len(labels))


def _plain(path: Path, what: str) -> PlainFile:
    return PlainFile(bytes=path.stat().st_size, sha256=bundle.digest(path), what=what)


def _kib(size: int) -> str:
    return f"{size / 1024:,.1f} KiB"
