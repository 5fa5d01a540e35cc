"""TensorFlow Lite Micro: the runtime of boards without an operating system, run here to see what it makes of a file.

It is no ``Module`` of this room: no suffix stands for it, no board has it as a package, and nothing is timed in it.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.metadata
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import JobError, RuntimeRefusedError, first_line
from .contract import Array

RUNTIME = "tflite-micro"
# The first arena: of address space, of which the interpreter touches what it needs.
_AMPLE = 1 << 29
_ALIGNED = 16
_PARTS = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")
_CHATTER = ("INFO:", "[RecordingMicroAllocator]")


def prepare() -> tuple[Any, str]:
    """The runtime's module and its version.

    Raises:
        JobError: it is not installed, or does not import here.
    """
    try:
        module = importlib.import_module("tflite_micro.python.tflite_micro.runtime")
        return module, importlib.metadata.version(RUNTIME)
    except ImportError as error:
        raise JobError(
            f"{RUNTIME} does not import here ({first_line(error)}); install it: "
            f"{sys.executable} -m pip install 'edgecompress[tflite-micro]'"
        ) from error


class MicroInterpreter:
    """A file of one input and one output in TensorFlow Lite Micro.

    Attributes:
        version: of the runtime.
        arena: bytes of the smallest tensor arena that the file was loaded and run in, found from what the first one
            used. Pointers have the size that they have on this machine.
        persistent: the bytes of it that hold tensors' and operators' own data; the rest holds activations.
    """

    def __init__(self, path: Path) -> None:
        """Load the file, run it once on zeros, and find its arena.

        Raises:
            JobError: the runtime is not installed.
            RuntimeRefusedError: it does not load the file; the line has what it said.
        """
        self._module, self.version = prepare()
        self._data, self._name = path.read_bytes(), path.name
        ample = self._loaded(_AMPLE)
        with _said() as said:
            ample.print_allocations()
        found = {part: int(size) for part, size in _PARTS.findall("\n".join(said))}
        if not {"total", "tail"} <= found.keys():
            raise RuntimeRefusedError(f"{RUNTIME} {self.version} does not tell the arena of {self._name}")
        self.persistent = found["tail"]
        self.arena, self._made = self._smallest(found["total"])

    def run(self, x: Array) -> Array:
        """The first output for ``x``, one sample in the layout of the file; what the runtime prints is dropped."""
        return self.run_all([x], 1)[0]

    def run_all(self, given: list[Array], outputs: int) -> list[Array]:
        """The first ``outputs`` outputs for arrays of all inputs, each with its batch."""
        for place, x in enumerate(given):
            self._made.set_input(x, place)
        self._made.invoke()
        return [np.array(self._made.get_output(place)) for place in range(outputs)]

    def inputs(self, count: int) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        """The shapes and types of the first ``count`` inputs."""
        details = [self._made.get_input_details(place) for place in range(count)]
        return [(tuple(int(size) for size in each["shape"]), np.dtype(each["dtype"])) for each in details]

    def _smallest(self, used: int) -> tuple[int, Any]:
        """The arena of what was used, or the next larger one that is enough: planning takes some for a while."""
        size = -(-used // _ALIGNED) * _ALIGNED
        while not self._is_enough(size) and size <= 2 * used + (1 << 16):
            size += max(_ALIGNED, size // 256 // _ALIGNED * _ALIGNED)
        return size, self._loaded(size)

    def _is_enough(self, arena: int) -> bool:
        """Return whether the file is loaded and run in an arena of that size.

        A child process tries: in an arena that is a little too small the runtime does not always refuse, but crash.
        """
        child = os.fork()
        if child == 0:
            try:
                faulthandler.disable()
                self._loaded(arena)
                os._exit(0)
            finally:
                os._exit(1)
        return os.waitpid(child, 0)[1] == 0

    def _loaded(self, arena: int) -> Any:
        with _said() as said:
            try:
                made = self._module.Interpreter.from_bytes(self._data, arena_size=arena)
                details = made.get_input_details(0)
                made.set_input(np.zeros(details["shape"], details["dtype"]), 0)
                made.invoke()
            except Exception as error:
                refused = first_line(error)
            else:
                return made
        why = "; ".join(dict.fromkeys(line for line in said if not line.startswith(_CHATTER)))
        raise RuntimeRefusedError(f"{RUNTIME} {self.version} does not load {self._name}: {why or refused}")


@contextmanager
def _said() -> Iterator[list[str]]:
    """The lines that the runtime writes to stderr, which it does below Python, filled in at the end of the block."""
    lines: list[str] = []
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as stream:
            os.dup2(stream.fileno(), 2)
            try:
                yield lines
            finally:
                os.dup2(kept, 2)
                stream.seek(0)
                lines += stream.read().decode("utf-8", "replace").splitlines()
    finally:
        os.close(kept)
