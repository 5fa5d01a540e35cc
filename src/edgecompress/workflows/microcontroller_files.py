"""The files of a microcontroller's bundle: the plain int8 file, the one that decodes weights, Vela's, and sources."""

import tempfile
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgecompress import bundle
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import CheckError, InputError
from edgecompress.export.accuracy import FileAccuracy
from edgecompress.export.kinds import STEMS, Kind
from edgecompress.export.memory import Memory
from edgecompress.export.microcontroller import prove, sources, vela
from edgecompress.export.microcontroller.operators import in_order
from edgecompress.export.microcontroller.pack import decoded_sizes, write_decoding
from edgecompress.export.microcontroller.records import MicrocontrollerProof
from edgecompress.export.verified import LEAST_AGREEMENT, Calibrated, Reference
from edgecompress.export.verify import Verification, compare_answers
from edgecompress.formats import find
from edgecompress.formats.contract import Format
from edgecompress.heap import trim_heap
from edgecompress.int8.calibration import Floats
from edgecompress.manifest import ModelFile, PlainFile
from edgecompress.progress import Progress
from edgecompress.target import TFLITE_MICRO, Target
from edgecompress.workflows.prepared import Prepared

FORMAT = "tflite"
PLAIN = f"{STEMS['int8']}.{FORMAT}"
"""The file with a byte a weight."""
DECODING = f"{STEMS['int8']}-decode.{FORMAT}"
"""The file whose weights TensorFlow Lite Micro decodes while it runs."""
COMPILED = "model-vela.tflite"
"""The file that Vela compiled."""
SAMPLES = 256
"""Most samples whose outputs are compared with LiteRT's, and whose answers with the network's."""
_SUFFIX = "_decode"  # of the sources of the file that decodes


@dataclass
class MicrocontrollerFiles:
    """The files of a microcontroller's bundle, written as the networks come.

    Attributes:
        folder: of the bundle.
        board: a microcontroller.
        given: what is built.
        calibrated: for int8.
        progress: told of every step.
        plain: the files beside the models, filled in by ``of_network``.
    """

    folder: Path
    board: Target
    given: Prepared
    calibrated: Calibrated
    progress: Progress
    plain: dict[str, PlainFile] = field(default_factory=dict)
    _dense: int | None = None

    def of_network(self, kind: Kind, graph: ir.Model, reference: Reference) -> dict[str, ModelFile]:
        """The model files of a network, by name: of the compressed one; the dense one is only compiled for an Ethos-U.

        Raises:
            CheckError: a file does not compute what it should.
        """
        if kind == "dense":
            self._dense = self._encoded(graph)
            return {}
        path = self.folder / PLAIN
        self.progress(f"export {PLAIN}", 0, 1, "writing and proving")
        ledger = quantised(graph, path, self.calibrated.inputs)
        trim_heap()
        produced, version, proof = prove.prove(path, self.calibrated.samples, layout=tflite().layout, compare=SAMPLES)
        flashed = path
        if self.board.npu is not None:
            flashed = self.folder / COMPILED
            estimate = vela.compile_for(self.board.npu, path, flashed)
            estimate = estimate.model_copy(update={"dense_encoded_weight_bytes": self._dense})
            proof = proof.model_copy(update={"vela": estimate})
            self.plain[COMPILED] = _plain(flashed, f"{PLAIN} as Vela compiled it for {self.board.npu}: flash this one")
        self._write_sources(flashed, proof.ram_bytes, produced.shape)
        some = min(len(produced), len(reference.expected))
        outputs = compare_answers(path, produced[:some], reference.expected[:some], least_agreement=LEAST_AGREEMENT)
        verification = Verification(runtime=TFLITE_MICRO, version=version, outputs=outputs)
        file = self._model_file(path, ledger, produced, verification, proof)
        made = {PLAIN: file.model_copy(update={"runs_in": [*file.runs_in, *tflite().runs_in(path)]})}
        # An Ethos-U decodes weights by itself, and of another code.
        if self.board.npu is None and (decoding := self._decoding(path, produced, verification)) is not None:
            made[DECODING] = decoding
        return made

    def _decoding(self, plain: Path, expected: Floats, verification: Verification) -> ModelFile | None:
        """The file that decodes its weights, in parts where RAM is short; ``None``: it is no smaller."""
        path = self.folder / DECODING
        self.progress(f"export {DECODING}", 0, 1, "writing and proving")
        encoding = self.given.context.recipe.export.encoding
        ledger = write_decoding(plain, path, encoding=encoding)
        while (sizes := decoded_sizes(ledger)) and self._is_over(path, plain):
            ledger = write_decoding(plain, path, encoding=encoding, largest=max(sizes) // 2)
        if not sizes:
            path.unlink()
            self.progress(f"export {DECODING}", 1, 1, "no weight gets smaller: not written")
            return None
        produced, version, proof = prove.run(
            path, self.calibrated.samples, layout=tflite().layout, compare=SAMPLES, reference=plain
        )
        if not np.array_equal(produced, expected):
            raise CheckError(f"{path} computes something else in tflite-micro {version} than {plain.name}; report this")
        proof = proof.model_copy(update={"decodes": True})
        self._write_sources(path, proof.ram_bytes, produced.shape, _SUFFIX)
        return self._model_file(path, ledger, produced, verification, proof)

    def _is_over(self, path: Path, plain: Path) -> bool:
        """Return whether a file needs more RAM than the board gives it."""
        budget = self.board.budget.arena_kib
        return budget is not None and tried(path, self.given, plain).arena_bytes > 1024 * budget

    def _model_file(
        self, path: Path, ledger: Ledger, produced: Floats, verification: Verification, proof: MicrocontrollerProof
    ) -> ModelFile:
        self.progress(f"export {path.name}", 1, 1, f"{ledger.file_bytes:,} bytes, proved in {TFLITE_MICRO}")
        return ModelFile(
            runtime=TFLITE_MICRO,
            kind="int8",
            bytes=path.stat().st_size,
            sha256=bundle.digest(path),
            input_layout=tflite().layout,
            runs_in=[f"{TFLITE_MICRO} {verification.version}"],
            ledger=ledger,
            verification=verification,
            memory=Memory(after_load=None, peak=None),
            accuracy=_accuracy(produced, self.calibrated.samples),
            microcontroller=proof,
        )

    def _encoded(self, graph: ir.Model) -> int | None:
        """The bytes that Vela encodes the weights of the dense network to; ``None``: it does not compile it."""
        if self.board.npu is None:
            return None
        with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
            path = Path(name) / f"dense.{FORMAT}"
            try:
                quantised(graph, path, self.calibrated.inputs)
                return vela.compile_for(self.board.npu, path, Path(name) / COMPILED).encoded_weight_bytes
            except (InputError, CheckError):
                return None  # the compressed network is what is built; it is judged by itself

    def _write_sources(self, flashed: Path, arena: int, shape: tuple[int, ...], suffix: str = "") -> None:
        shapes = prod(self.given.data.input_shape), prod(shape[1:])
        operators = sorted(set(in_order(flashed)))
        found = sources.write_sources(
            self.folder, flashed, arena=arena, operators=operators, shapes=shapes, suffix=suffix
        )
        self.plain |= {name: _plain(self.folder / name, what) for name, what in found.items()}


def quantised(graph: ir.Model, path: Path, inputs: Floats) -> Ledger:
    """Write a network to ``path`` as a plain int8 file, calibrated with ``inputs`` (N, channels, ...)."""
    int8 = tflite().int8
    assert int8 is not None
    return int8(graph, path, inputs, compress=True, encoding="smallest")[0]


def flash_bytes(graph: ir.Model, board: Target, inputs: Floats) -> int:
    """Bytes of a network's smallest file for a board's flash: Vela's, or the one that decodes its weights.

    Args:
        graph: the network.
        board: a microcontroller.
        inputs: to calibrate with, float32 (N, channels, ...).

    Raises:
        InputError: it is not for int8, or Vela refuses it.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        plain, flashed = Path(name) / PLAIN, Path(name) / DECODING
        quantised(graph, plain, inputs)
        if board.npu is not None:
            return vela.compile_for(board.npu, plain, flashed).file_bytes
        return write_decoding(plain, flashed).file_bytes


def tried(path: Path, given: Prepared, reference: Path | None = None) -> MicrocontrollerProof:
    """The figures of a file that TensorFlow Lite Micro runs on the first training sample. It is not judged.

    Of the few outputs of one sample, one that is a step off may be more than may be.

    Args:
        path: the file.
        given: what is built.
        reference: the file that LiteRT runs. ``None``: the same.

    Raises:
        CheckError: it does not run the file.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        rows = Path(name) / "x.npz"
        np.savez(rows, x=given.data.train_x[:1])
        return prove.run(path, rows, layout=tflite().layout, compare=1, reference=reference)[2]


def tflite() -> Format:
    """The format of these files."""
    return next(each for each in find.formats() if each.name == FORMAT)


def _accuracy(produced: Floats, samples: Path) -> FileAccuracy:
    """The labels of ``samples`` that the outputs hit."""
    with np.load(samples, allow_pickle=False) as archive:
        labels = archive["y"]
    correct = int(np.count_nonzero(produced.reshape(len(produced), -1).argmax(axis=1) == labels))
    return FileAccuracy(correct=correct, samples=len(labels), percent=100 * correct / len(labels))


def _plain(path: Path, what: str) -> PlainFile:
    return PlainFile(bytes=path.stat().st_size, sha256=bundle.digest(path), what=what)
