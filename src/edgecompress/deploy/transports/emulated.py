"""Emulated: a processor of another kind, emulated here by qemu's user mode, with a temporary work folder."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edgecompress.deploy.emulated import emulator, guest, processors
from edgecompress.deploy.transports.local import LocalConnection
from edgecompress.progress import Progress, silent


@contextmanager
def emulated(
    address: str, *, requirements: Sequence[str] = (), progress: Progress = silent
) -> Iterator[LocalConnection]:
    """Open a work folder whose Python runs on an emulated processor. What that needs is fetched where it is not here.

    Where the emulator takes plugins, instructions are counted (the agent's step ``instructions``).

    Args:
        address: The processor's name, as ``cortex-a72``.
        requirements: What is installed there, as pip reads it. Empty: see ``guest.make``.
        progress: Called with what is fetched.

    Raises:
        InputError: there is no such processor, or something that it takes is not installed here.
        RuntimeFailedError: something that it takes cannot be fetched.
    """
    processor = processors.find(address)
    emulator.program(processor.machine)
    made = guest.make(processor.machine, requirements, progress)
    plugin = None if emulator.cannot_count(processor.machine) else emulator.counter(processor.machine)
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        folder = Path(name)
        launcher = emulator.write_launcher(folder, processor, made, plugin)
        yield LocalConnection(folder, str(launcher))
