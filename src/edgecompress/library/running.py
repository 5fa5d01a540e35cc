"""The whole way from Python, as ``edgecompress run`` goes it: a board, a bundle measured on it, and a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgecompress import devices
from edgecompress import target as targets
from edgecompress.bench.packages import missing
from edgecompress.bench.protocol import protocol
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.session import session
from edgecompress.compress.record import Better
from edgecompress.devices import Device
from edgecompress.errors import InputError
from edgecompress.library.bundles import Bundle, build
from edgecompress.library.extras import check_extras
from edgecompress.library.paths import StrPath
from edgecompress.library.warned import Warn
from edgecompress.progress import Progress, silent
from edgecompress.report.page import write_page
from edgecompress.store.place import NONE
from edgecompress.target import Target


@dataclass(frozen=True)
class RunResult:
    """A bundle that was built and measured, and the page of both.

    Attributes:
        bundle: The bundle.
        record: Of the measurement.
        page: The file that shows both.
        missing: The package that an HTML page needs and that is not installed; empty: the page is HTML.
    """

    bundle: Bundle
    record: BenchRecord
    page: Path
    missing: str


def run(
    model: str,
    data: StrPath | None = None,
    *,
    device: str = "local",
    target: StrPath | None = None,
    recipe: StrPath | Mapping[str, Any] | None = None,
    changes: Sequence[str] | Mapping[str, Any] = (),
    checkpoint: StrPath | None = None,
    loss: str | None = None,
    metric: str | None = None,
    better: Better | None = None,
    run_metric: bool | Callable[[Bundle], str | None] = False,
    mode: Literal["quick", "standard", "sustained"] = "quick",
    output: StrPath | None = None,
    data_dir: StrPath | None = None,
    cache: StrPath | None = None,
    download: bool = True,
    eval_samples: int | None = None,
    store: str | None = NONE,
    progress: Progress = silent,
    warn: Warn | None = None,
) -> RunResult:
    """Set a device up where that is missing, build a bundle for it, measure it there, and write a page.

    The device comes first: a board that is not reached, or a mode that is none, is an error before hours of training.

    Args:
        model: As for ``build``.
        data: As for ``build``.
        device: Where it is measured, as ``Bundle.bench`` takes it.
        target: The board that it is built for. Default: the one that the device is registered as.
        recipe: As for ``build``.
        changes: As for ``build``.
        checkpoint: As for ``build``.
        loss: As for ``build``.
        metric: As for ``build``.
        better: As for ``build``.
        run_metric: As for ``Bundle.bench``; or a function of the bundle, called when it is built, that gives the
            checksum of the metric's source which the device may run, or ``None``.
        mode: As for ``Bundle.bench``.
        output: As for ``build``; the page lies beside it.
        data_dir: As for ``build``.
        cache: As for ``build``.
        download: As for ``build``.
        eval_samples: As for ``build``.
        store: Where both records are kept beside their files, as for ``build``.
        progress: Called with every step.
        warn: Called with each warning, one line. Default: ``warnings.warn``.

    Raises:
        InputError: What is given is wrong; the line says what to do.
        MissingDependencyError: A package that one of the steps needs is not installed; the line says how to.
        CheckError: Training diverged, or a file fails its proof, here or on the device.
        RuntimeFailedError: Not one file ran, or the device failed.
    """
    check_extras()
    protocol(mode)
    name = _board(device) if target is None else str(target)
    board = targets.load(name)
    if board.is_microcontroller:
        raise InputError(board.no_agent("run measures, which cannot be done there, and build writes the bundle"))
    _set_up(devices.find(device, board), board, progress)
    made = build(
        model,
        data,
        target=name,
        recipe=recipe,
        changes=changes,
        checkpoint=checkpoint,
        loss=loss,
        metric=metric,
        better=better,
        output=output,
        data_dir=data_dir,
        cache=cache,
        download=download,
        eval_samples=eval_samples,
        store=store,
        progress=progress,
        warn=warn,
    )
    agreed = run_metric if isinstance(run_metric, bool) else run_metric(made) or False
    record = made.bench(device, mode, run_metric=agreed, store=store, progress=progress, warn=warn)
    page, without = write_page(made.path, made.path)
    return RunResult(made, record, page, without)


def _board(device: str) -> str:
    """The profile that a device is registered as.

    Raises:
        InputError: It is registered as none, or not at all.
    """
    found = devices.find(device)
    if found.target is None:
        raise InputError(f"{found.name} is registered as no board; say which one it is: --target rpi4")
    return found.target


def _set_up(device: Device, board: Target, progress: Progress) -> None:
    """Install what a board lacks to be measured on; one that has it all is left as it is.

    This machine has what is installed here, and an emulated processor gets its own when it is connected to.
    """
    if device.address == devices.LOCAL or device.emulated:
        return
    with session(device, progress) as there:
        lacking = missing(there.conditions("now"), device.runtimes or board.runtimes)
    if lacking:
        devices.set_up(device, progress=progress)
