"""One file on one microcontroller: its cycles, its outputs and answers over the evaluation data, and what to doubt."""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress.agent.inputs import to_layout
from edgecompress.bench.agreement import OUTPUTS
from edgecompress.bench.duration import in_words
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import AccuracyResult, Failure, FileResult, FirmwareResult, Latency, Validity
from edgecompress.bench.statistics import summary
from edgecompress.bundle import EVAL
from edgecompress.deploy.serial.firmware import MOST_RUNS, Firmware, Floats, Hello
from edgecompress.errors import CheckError, InputError
from edgecompress.export.microcontroller import prove
from edgecompress.manifest import Manifest, ModelFile
from edgecompress.progress import Progress
from edgecompress.target import TFLITE_MICRO

Labels = npt.NDArray[Any]

SAMPLES = 256
"""Most samples whose outputs are held against the host's reference."""
_REQUEST_SECONDS = 1.0  # of inferences in one request
_FIRST = 3  # samples, from which the duration of all is told
_NOTED_SECONDS = 5.0  # of work, from which on its duration is said before
# A board's counter and this machine's clock may be apart by that before one of them is called wrong.
_CLOCKS = 1.02
_ROWS = 1.05  # medians of samples and of noise, likewise
_NS = 1_000_000_000


class FirmwareSession:
    """The measurement of one file on one board."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        protocol: Protocol,
        firmware: Firmware,
        hello: Hello,
        progress: Progress,
    ) -> None:
        self._folder, self._manifest, self._protocol = folder, manifest, protocol
        self._firmware, self._hello, self._progress = firmware, hello, progress
        self._timed = not hello.emulated
        self._concerns: list[str] = []
        self._disturbed: list[str] = []

    def measured(self, name: str, x: Floats, labels: Labels) -> FileResult:
        """The result of the file ``name`` over samples ``x``, in the file's layout, and their labels."""
        model_name, model = next(iter(self._manifest.models.items()))  # what else can be flashed was made of it
        rows: Floats = to_layout(x, model.input_layout).astype(np.float32)
        if rows[0].size != self._hello.inputs:
            raise InputError(f"{EVAL} has {rows[0].size} values a sample, and the board takes {self._hello.inputs}")
        path = self._folder / name
        expected, reference = self._reference(model_name, model, x[:SAMPLES])
        latency = self._latency(rows[0]) if self._timed else None
        outputs, cycles = self._outputs(name, rows, labels)
        correct = int(np.count_nonzero(outputs.argmax(axis=1) == labels))
        largest = differing = beyond = difference = None
        failures = []
        if expected is not None:
            some = outputs[: len(expected)]
            difference = float(np.abs(some - expected).max())
            largest, differing, beyond = prove.in_steps(self._folder / model_name, some, expected)
            if beyond > prove.MOST_BEYOND:
                failures.append(Failure(step=OUTPUTS, message=_wrong(beyond, self._manifest)))
        if latency is not None:
            self._compare_rows(latency, cycles)
        hello = self._hello
        return FileResult(
            runtime=TFLITE_MICRO,
            kind=model.kind,
            bytes=path.stat().st_size,
            sha256=(self._manifest.models.get(name) or self._manifest.files[name]).sha256,
            latency=latency,
            accuracy=AccuracyResult(
                correct=correct,
                samples=len(labels),
                percent=100 * correct / len(labels),
                largest_difference=difference,
                reference=reference,
            ),
            firmware=FirmwareResult(
                arena_bytes=hello.arena_bytes,
                arena_size=hello.arena_size,
                hertz=hello.hertz if self._timed else None,
                compared=0 if expected is None else len(expected),
                largest_steps=largest,
                differing=differing,
                beyond_a_step=beyond,
                repeated_lines=self._firmware.repeated,
            ),
            failures=failures,
        )

    def validity(self, result: FileResult) -> Validity:
        """The concerns about the figures."""
        concerns = [*self._concerns, *self._disturbed]
        if self._hello.emulated:
            concerns.insert(
                0, "the board is emulated (its firmware says so): its cycles are no time, and none are kept"
            )
        if result.firmware and result.firmware.repeated_lines:
            concerns.append(f"lines that were damaged on their way and sent again: {result.firmware.repeated_lines}")
        unknown = ["the board's clocks beside what its firmware says", "what its interrupts take of the processor"]
        return Validity(concerns=concerns, disturbed=self._disturbed, unknown=unknown if self._timed else [])

    def _latency(self, row: Floats) -> Latency:
        """The times of inferences of noise, which the board makes: the runtime uses the memory of its inputs anew."""
        hello, protocol, title = self._hello, self._protocol, f"latency {TFLITE_MICRO}"
        warmup = protocol.warmup or 1
        if not hello.hertz:
            raise InputError(f"{hello.board} gives no rate of its counter: make CyclesPerSecond() in its firmware so")
        self._progress(title, 0, protocol.min_runs, "warm-up")
        first = time.monotonic()
        self._firmware.infer(row, hello.outputs)
        self._firmware.expect(time.monotonic() - first)
        (once,) = self._firmware.time(1)
        seconds = max(once / hello.hertz, 1e-6)
        most = int(min(MOST_RUNS, max(1, _REQUEST_SECONDS / seconds)))
        self._firmware.expect(most * seconds)
        for done in range(1, warmup, most):
            self._firmware.time(min(most, warmup - done))
        expected = protocol.min_runs * seconds
        if expected > _NOTED_SECONDS:
            self._progress("time", 1, 1, f"about {in_words(min(expected, protocol.max_seconds))} for latency")
        cycles: list[int] = []
        began = time.monotonic()
        while len(cycles) < protocol.min_runs and time.monotonic() - began < protocol.max_seconds:
            cycles += self._firmware.time(min(most, protocol.min_runs - len(cycles)))
            self._progress(title, len(cycles), protocol.min_runs)
        took = time.monotonic() - began
        counted = sum(cycles) / hello.hertz
        if counted > _CLOCKS * took:
            self._disturbed.append(
                f"its counter has {counted:.2f} s where this machine's clock has {took:.2f} s: its rate is wrong"
            )
        if len(cycles) < protocol.min_runs:
            self._concerns.append(f"{len(cycles)} runs in {took:.0f} s, {protocol.min_runs} were wanted")
        samples = [round(each * _NS / hello.hertz) for each in cycles]
        return Latency(
            samples_ns=samples,
            summary=summary(samples, seed=protocol.seed),
            runs=len(samples),
            stride=1,
            warmup_runs=warmup,
            settled=None,
            seconds=took,
            together_with=[],
            inputs="noise",
            others=None,
            details={},
        )

    def _outputs(self, name: str, rows: Floats, labels: Labels) -> tuple[Floats, list[int]]:
        """The outputs of all samples (N, outputs), and the cycles of each."""
        title, hello = f"accuracy {name}", self._hello
        outputs = np.empty((len(rows), hello.outputs), np.float32)
        cycles, correct = [], 0
        self._progress(title, 0, len(rows))
        began = time.monotonic()
        for place, row in enumerate(rows):
            taken, outputs[place] = self._firmware.infer(row, hello.outputs)
            cycles.append(taken)
            if not np.isfinite(outputs[place]).all():
                raise CheckError(f"{name} gives outputs on {hello.board} that are not finite, in sample {place}")
            correct += int(outputs[place].argmax() == labels[place])
            if place + 1 == _FIRST:
                once = (time.monotonic() - began) / _FIRST
                self._firmware.expect(once)
                if once * len(rows) > _NOTED_SECONDS:
                    self._progress("time", 1, 1, f"about {in_words(once * len(rows))} for {len(rows)} samples")
            self._progress(title, place + 1, len(rows), f"{100 * correct / (place + 1):.2f} %")
        return outputs, cycles

    def _reference(self, name: str, model: ModelFile, x: Floats) -> tuple[Floats | None, str]:
        """The outputs of LiteRT's reference kernels here, as the build's proof has them, and what they are."""
        self._progress("reference", 0, 1, "on this machine")
        with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
            given = Path(folder) / "x.npz"
            np.savez(given, x=x)
            try:
                _, expected, _ = prove.both(self._folder / name, given, layout=model.input_layout, compare=len(x))
            except (InputError, CheckError) as error:
                return None, f"none: {error}"
        self._progress("reference", 1, 1)
        return expected.reshape(
            len(x), -1
        ), f"{name}, first {len(x)} samples, on the host in LiteRT's reference kernels"

    def _compare_rows(self, latency: Latency, cycles: list[int]) -> None:
        """See that inferences of samples, each after its transfer, take as long as those one after another."""
        median = float(np.median(cycles)) * _NS / self._hello.hertz
        ratio = median / latency.summary.p50 if latency.summary.p50 else 1.0
        if not 1 / _ROWS < ratio < _ROWS:
            self._concerns.append(
                f"an inference after the transfer of a sample takes {ratio:.2f} times as long as one after another"
            )


def _wrong(beyond: float, manifest: Manifest) -> str:
    return (
        f"{100 * beyond:.1f} % of the outputs are more than a step of int8 from LiteRT's on this machine (allowed are "
        f"{100 * prove.MOST_BEYOND:g} %): the kernels in the firmware of {manifest.target.name} compute something else"
    )
