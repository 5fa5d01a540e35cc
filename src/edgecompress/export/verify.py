"""The proof of a written file, before it is shipped: in a stock runtime, in a process of its own, against a reference.

Three checks: the outputs on real inputs are the reference's within a stated tolerance, or, for a file that computes in
integers, name the reference's class for a stated fraction of them; the decoded weights are the reference's bit by bit;
the latency is not seen to exceed the dense file's by more than a stated limit.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgecompress.agent.inputs import channels_first
from edgecompress.errors import CheckError
from edgecompress.formats.contract import Layout
from edgecompress.formats.find import each_weight
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference
from edgecompress.isolated.process import run_step
from edgecompress.record import Record
from edgecompress.timing.ratio import latency_ratio

Floats = npt.NDArray[np.float32]

_ATTEMPTS = 3


class OutputCheck(Record):
    """The distance of a file's outputs from the reference's. Either outputs have tolerances, or the agreement a limit.

    A row passes if it differs by no more than its tolerance. Where only the agreement is judged, the accuracy of the
    file is not further from the reference's, on these samples, than the part that does not agree.
    """

    samples: int
    largest_difference: float = Field(description="absolute, over all outputs of all samples")
    absolute_tolerance: float | None = Field(description="null: the agreement is judged")
    relative_tolerance: float | None = Field(
        description="times the largest magnitude among the reference's outputs of a sample"
    )
    argmax_agreement: float = Field(description="fraction of samples whose largest output is the reference's")
    least_agreement: float | None = Field(default=None, description="the least that passes; null: outputs are judged")


class LatencyCheck(Record):
    """Latency of a file over that of the dense file, both loaded in one process and run in turn."""

    dense: str = Field(description="name of the file it is compared with")
    runs: int
    threads: int
    ratio: float = Field(
        description="of the rounds, each with both files (docs/benchmarking.md): the mean of both orders' medians; in "
        "older documents the median over all rounds"
    )
    low: float = Field(description="lower end of the ratio's 95 % interval, by a bootstrap over blocks of rounds")
    high: float = Field(description="upper end of that interval")
    limit: float | None = Field(description="the check fails where `low` exceeds this; null: it is only measured")
    attempts: int = Field(default=1, description="measurements it took; a busy machine can need more than one")


class Verification(Record):
    """The proof of one file. It exists only for a file that passed; null: that check was not asked for."""

    runtime: str
    version: str
    outputs: OutputCheck
    identical_weights: int | None = Field(default=None, description="tensors compared bit by bit, all equal")
    latency: LatencyCheck | None = None
    sparse_inference: SparseInference | None = Field(
        default=None, description="of a compressed TFLite file: what LiteRT does with it on processors without AVX"
    )


def verify(
    path: Path,
    x: Floats,
    expected: Floats,
    *,
    layout: Layout = "channels_first",
    weights: Mapping[str, npt.NDArray[np.generic]] | None = None,
    dense: Path | None = None,
    absolute_tolerance: float = 1e-4,
    relative_tolerance: float = 1e-4,
    least_agreement: float | None = None,
    latency_limit: float | None = 1.05,
    threads: int = 1,
) -> Verification:
    """Prove the model file ``path``.

    Args:
        path: An ONNX or TFLite file.
        x: Real inputs, float32 [samples, channels, ...], channels first whatever the file's layout.
        expected: The reference's outputs for them, float32 [samples, ...].
        layout: The layout of the file's input.
        weights: For an ONNX file, the arrays it must decode to, bit by bit.
        dense: The dense file of the same runtime and layout, to compare the latency with.
        absolute_tolerance: Added to the relative one.
        relative_tolerance: As a fraction of the largest magnitude among a sample's expected outputs: rounding errors in
            a sum scale with its terms, not with a result that happens to be near zero.
        least_agreement: Judge by this instead of the tolerances: the fraction of samples whose largest output must be
            the reference's. Rounding to integers moves every output, by how much says little; what it must not move
            is the answer.
        latency_limit: Largest latency ratio that the 95 % interval must not lie beyond. ``None``: it is only measured.
        threads: Threads of the runtime.

    Raises:
        CheckError: the file fails a check, or its runtime crashed on it; one line names the file and what differs.
        InputError: the runtime is not installed.
    """
    produced, runtime, version = outputs(path, x, layout=layout, threads=threads)
    if least_agreement is None:
        checked = compare_outputs(
            path, produced, expected, absolute_tolerance=absolute_tolerance, relative_tolerance=relative_tolerance
        )
    else:
        checked = compare_answers(path, produced, expected, least_agreement=least_agreement)
    return Verification(
        runtime=runtime,
        version=version,
        outputs=checked,
        identical_weights=None if weights is None else bit_identical(path, weights),
        latency=None
        if dense is None
        else compare_latency(path, dense, layout=layout, limit=latency_limit, threads=threads),
    )


def outputs(
    path: Path, x: Floats, *, layout: Layout = "channels_first", threads: int = 1, seconds: float = 1800
) -> tuple[Floats, str, str]:
    """The outputs of the file's runtime for ``x``, float32 [samples, ...], and the runtime's name and version.

    Outputs of three and more axes are channels first, as ``x`` is, whatever the file's layout.

    Raises:
        CheckError: the runtime refused the file, crashed on it, or took longer than ``seconds``.
        InputError: the runtime is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        given, written = Path(folder) / "x.npz", Path(folder) / "y.npz"
        np.savez(given, x=x)
        job = {
            "file": str(path.resolve()),
            "inputs": str(given),
            "output": str(written),
            "layout": layout,
            "threads": threads,
        }
        done = run_step("outputs", job, path, seconds=seconds)[-1]
        with np.load(written, allow_pickle=False) as archive:
            y: Floats = archive["y"]
    return channels_first(y, layout), done["runtime"], done["version"]


def compare_outputs(
    path: Path, produced: Floats, expected: Floats, *, absolute_tolerance: float, relative_tolerance: float
) -> OutputCheck:
    """Compare the outputs of ``path`` with the reference's, row by row.

    Raises:
        CheckError: a row differs by more than its tolerance, or is not finite, or the shapes differ.
    """
    produced, expected = _rows(path, produced, expected)
    difference = np.abs(produced.astype(np.float64) - expected)
    allowed = absolute_tolerance + relative_tolerance * np.abs(expected).max(axis=1)
    # Written so that NaN fails.
    wrong = np.flatnonzero(~(difference.max(axis=1) <= allowed))
    if len(wrong):
        row = int(wrong[0])
        raise CheckError(
            f"{path}: the outputs of {len(wrong)} of {len(expected)} samples differ from the reference; sample {row} by"
            f" {difference[row].max():.3g}, allowed {allowed[row]:.3g}"
        )
    return OutputCheck(
        samples=len(expected),
        largest_difference=float(difference.max()),
        absolute_tolerance=absolute_tolerance,
        relative_tolerance=relative_tolerance,
        argmax_agreement=float(np.mean(produced.argmax(axis=1) == expected.argmax(axis=1))),
    )


def compare_answers(path: Path, produced: Floats, expected: Floats, *, least_agreement: float) -> OutputCheck:
    """Compare which output of ``path`` is the largest with the reference's, row by row.

    Raises:
        CheckError: fewer rows than ``least_agreement`` (a fraction) agree, an output is not finite, or the shapes
            differ.
    """
    produced, expected = _rows(path, produced, expected)
    if not np.isfinite(produced).all():
        raise CheckError(f"{path}: its outputs are not finite")
    agreement = float(np.mean(produced.argmax(axis=1) == expected.argmax(axis=1)))
    if agreement < least_agreement:
        raise CheckError(
            f"{path}: it gives the reference's answer to {100 * agreement:.1f} % of {len(expected)} samples,"
            f" {100 * least_agreement:.1f} % are wanted"
        )
    return OutputCheck(
        samples=len(expected),
        largest_difference=float(np.abs(produced.astype(np.float64) - expected).max()),
        absolute_tolerance=None,
        relative_tolerance=None,
        argmax_agreement=agreement,
        least_agreement=least_agreement,
    )


def _rows(path: Path, produced: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Both, a row a sample."""
    if produced.shape != expected.shape or not len(expected):
        raise CheckError(f"{path}: outputs of shape {produced.shape} cannot be compared with {expected.shape}")
    return produced.reshape(len(produced), -1), expected.reshape(len(expected), -1)


def bit_identical(path: Path, reference: Mapping[str, npt.NDArray[np.generic]]) -> int:
    """Compare the weights that an ONNX file decodes to with ``reference``, bit by bit. Returns how many were compared.

    Raises:
        CheckError: a tensor of the reference is missing in the file, or differs; the line names the first one.
        InputError: the file is not a valid ONNX model.
    """
    missing = dict.fromkeys(reference)
    for name, found in each_weight(path):
        if name not in missing:
            continue
        del missing[name]
        array = reference[name]
        if (found.shape, found.dtype) != (array.shape, array.dtype):
            raise CheckError(
                f"{path}: weight '{name}' is {found.dtype} {found.shape}, expected {array.dtype} {array.shape}"
            )
        if count := np.count_nonzero(_bits(found) != _bits(array)):
            raise CheckError(f"{path}: weight '{name}' differs from the reference in {count} of {array.size} elements")
    for name in missing:
        raise CheckError(f"{path}: weight '{name}' is not in the file")
    return len(reference)


def _bits(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The flat array as unsigned integers, without a copy of one that is contiguous: the bits, whatever they mean."""
    return np.ascontiguousarray(array).reshape(-1).view(f"u{array.itemsize}")


def compare_latency(
    path: Path,
    dense: Path,
    *,
    layout: Layout = "channels_first",
    limit: float | None = 1.05,
    threads: int = 1,
    min_runs: int = 50,
    max_seconds: float = 30,
) -> LatencyCheck:
    """Measure the latency ratio of ``path`` to ``dense`` on noise, in one process, in alternating order.

    Another program that takes a core for a second can put a sound file beyond the limit, and would throw away hours of
    training; a file that is decoded at every inference is beyond it each time. So what fails is measured again.

    Raises:
        CheckError: the whole 95 % interval lies above ``limit`` in each of three measurements, or a runtime crashed.
        InputError: the runtime is not installed.
    """
    job = {
        # In this order: what decoding takes at load is gone when the dense file is loaded beside it.
        "files": [{"file": str(file.resolve()), "layout": layout} for file in (path, dense)],
        "warmup": 5,
        "min_runs": min_runs,
        "min_seconds": 0.5,
        "max_seconds": max_seconds,
        "threads": threads,
        "batch": "own",
        "seed": 0,
    }
    for attempt in range(1, _ATTEMPTS + 1):
        events = run_step("latency", job, path, seconds=600 + 10 * max_seconds)
        of_path, of_dense = (event["samples_ns"] for event in events if event["event"] == "latency")
        ratio, low, high = latency_ratio(of_path, of_dense)
        if limit is None or low <= limit:
            return LatencyCheck(
                dense=dense.name,
                runs=len(of_path),
                threads=threads,
                ratio=ratio,
                low=low,
                high=high,
                limit=limit,
                attempts=attempt,
            )
    raise CheckError(
        f"{path}: it takes {ratio:.3f} times as long as {dense.name} (95 % interval {low:.3f} to {high:.3f}),"
        f" the limit is {limit:g}; are its weights decoded at every inference?"
    )
