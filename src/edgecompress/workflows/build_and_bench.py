"""The whole way: a device set up, a bundle built and measured there, and a page of both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgecompress import devices, target
from edgecompress.bench import run
from edgecompress.bench.packages import missing
from edgecompress.bench.protocol import protocol
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.session import session
from edgecompress.bundle import MANIFEST
from edgecompress.devices import Device
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.progress import Progress
from edgecompress.report.page import write_page
from edgecompress.store.keep import keep
from edgecompress.target import Target
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.request import Request


@dataclass(frozen=True)
class Benched:
    """A bundle that was built and measured, and the page of both.

    Attributes:
        folder: the bundle.
        manifest: of it.
        record: of the measurement.
        page: the file that shows both.
        missing: the package that an HTML page needs and that is not installed; empty: the page is HTML.
    """

    folder: Path
    manifest: Manifest
    record: BenchRecord
    page: Path
    missing: str


def build_and_bench(
    request: Request,
    *,
    device: str,
    mode: str,
    allow: Callable[[Path], str | None] | None = None,
    store: str | None,
    progress: Progress,
    warn: Callable[[str], None],
) -> Benched:
    """Set a device up where that is missing, build a bundle, measure it there, and write a page.

    The device is first: a board that is not reached, or a mode that is none, is an error before hours of training.

    Args:
        request: for ``build_bundle``.
        device: for ``devices.find``.
        mode: of the benchmark.
        allow: of the bundle, gives the checksum of the metric's source that the device may run; ``None``: of none.
        store: where both records are kept beside their files; ``None``: the user's store.
        progress: called with every step.
        warn: called with each warning, one line.

    Raises:
        EdgecompressError: one of its kinds.
    """
    protocol(mode)
    board = target.load(request.target)
    if board.is_micro:
        raise InputError(board.no_agent("run measures, which cannot be done there, and build writes the bundle"))
    _set_up(devices.find(device, board), board, progress)
    folder, manifest = build_bundle(request, progress=progress, warn=warn)
    keep(manifest, store, file=folder / MANIFEST, warn=warn)
    record, path = run.bench(
        folder, device=device, mode=mode, allowed_metric=allow(folder) if allow else None, progress=progress
    )
    keep(record, store, file=path, warn=warn)
    page, without = write_page(folder, folder)
    return Benched(folder, manifest, record, page, without)


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
