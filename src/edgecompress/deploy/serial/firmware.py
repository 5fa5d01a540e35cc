"""The firmware behind a port, which serve.cc became: what it is, inferences, and their cycles."""

import base64
import binascii
import time
import zlib
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgecompress.deploy.serial.lines import VERSION, DamagedLineError, body, line
from edgecompress.deploy.serial.port import Port, others
from edgecompress.errors import RuntimeFailedError
from edgecompress.plain import one_line

Floats = npt.NDArray[np.float32]

MOST_RUNS = 32
"""Most inferences that one request times."""
BYTES = 768
"""Bytes of inputs that one line has; whole groups of base64."""
TRIES = 4
HELLO_SECONDS = 12.0  # a board starts anew when its port is opened, and its bootloader waits
_HELLO_EACH, _SECONDS, _RUN_SECONDS = 1.0, 5.0, 60.0
_SLACK = 10  # times of what an inference took, until it is given up
_FIELDS = 11  # of a hello
_KEPT = 5  # lines that a board printed
_NAME = 100  # characters
_HEX = 16


class _RefusedError(Exception):
    """The firmware's own word for what is wrong."""


@dataclass(frozen=True)
class Hello:
    """The report of a firmware on itself.

    Attributes:
        version: of the protocol.
        model_crc: the CRC-32 of the model file that is in it.
        model_bytes: its size.
        inputs: values that it takes.
        outputs: values that it gives.
        arena_bytes: of the tensor arena, used.
        arena_size: of the arena in all.
        hertz: the rate of the counter of cycles.
        emulated: whether it runs in an emulator.
        system: that it was made with, a word.
        board: its name.
    """

    version: int
    model_crc: int
    model_bytes: int
    inputs: int
    outputs: int
    arena_bytes: int
    arena_size: int
    hertz: int
    emulated: bool
    system: str
    board: str


class Firmware:
    """See above. A line that was damaged on its way is sent again, a few times.

    Attributes:
        repeated: lines that were sent again.
    """

    def __init__(self, port: Port, baud: int) -> None:
        self._port, self._baud = port, baud
        self._number = 0
        self._said: deque[str] = deque(maxlen=_KEPT)
        self._garbled = False
        self._run_seconds = _RUN_SECONDS
        self.repeated = 0

    def hello(self) -> Hello:
        """The report of the firmware, waited for, because many boards start anew when their port is opened.

        Raises:
            RuntimeFailedError: nothing answers, or something else than serve.cc.
            DeviceLostError: the port is gone.
        """
        tries = int(HELLO_SECONDS / _HELLO_EACH)
        words = self._ask("hello", seconds=_HELLO_EACH, tries=tries)
        self.repeated = 0
        try:
            version, crc, size, inputs, outputs, used, arena, hertz, emulated = (int(each, _HEX) for each in words[:9])
            if version == VERSION and len(words) >= _FIELDS:
                name = one_line(" ".join(words[10:]))[:_NAME]
                system = one_line(words[9])[:_NAME]
                return Hello(version, crc, size, inputs, outputs, used, arena, hertz, bool(emulated), system, name)
        except ValueError:
            version = 0
        raise RuntimeFailedError(
            f"the firmware at {self._port.name} speaks version {version} of the protocol, and this is {VERSION}: build "
            "the bundle anew and flash its serve.cc"
        )

    def infer(self, row: Floats, outputs: int) -> tuple[int, Floats]:
        """Run one sample: the cycles that it took, and the outputs.

        Args:
            row: its inputs, float32, in the file's layout; any shape.
            outputs: how many values come back.

        Raises:
            RuntimeFailedError: the board stopped answering, or the inference fails there.
            DeviceLostError: the port is gone.
        """
        data = np.ascontiguousarray(row, dtype="<f4").tobytes()
        (cycles,) = self._numbers(self._sent_and_run(data), 1)
        size, found = 4 * outputs, b""
        while len(found) < size:
            words = self._ask("output", f"{len(found):x}")
            try:
                part = base64.b64decode(words[0], validate=True)
            except (IndexError, binascii.Error):
                part = b""
            if not part or len(found) + len(part) > size:
                raise RuntimeFailedError(f"{self._port.name} answers with outputs that are none: flash serve.cc anew")
            found += part
        return cycles, np.frombuffer(found, "<f4").astype(np.float32)

    def time(self, count: int) -> list[int]:
        """The cycles of ``count`` inferences of noise, at most ``MOST_RUNS``.

        Raises:
            RuntimeFailedError: the board stopped answering, or the inference fails there.
            DeviceLostError: the port is gone.
        """
        return self._numbers(self._ask("time", f"{count:x}", seconds=self._run_seconds, tries=2), count)

    def expect(self, seconds: float) -> None:
        """Say how long a request of inferences takes: it is given up after several times that, and not a minute."""
        self._run_seconds = _SECONDS + _SLACK * seconds

    def _sent_and_run(self, data: bytes) -> list[str]:
        """Send inputs and run them; once more where what the board holds then is not what was sent."""
        for _ in range(TRIES):
            for place in range(0, len(data), BYTES):
                text = base64.b64encode(data[place : place + BYTES]).decode("ascii")
                self._ask("input", f"{place:x}", text, seconds=_SECONDS + 10 * len(text) / self._baud)
            try:
                crc = f"{zlib.crc32(data):x}"
                return self._ask("run", crc, seconds=self._run_seconds, tries=2, passed=("input",))
            except _RefusedError:
                self.repeated += 1
        raise RuntimeFailedError(f"inputs do not reach {self._port.name} as they are sent: lower the baud rate")

    def _ask(
        self, word: str, *given: str, seconds: float = _SECONDS, tries: int = TRIES, passed: tuple[str, ...] = ()
    ) -> list[str]:
        """Send a request until it is answered: what stands after the word in the answer.

        Raises:
            _RefusedError: the firmware answers with an error that is one of ``passed``.
        """
        ids: set[str] = set()
        for attempt in range(tries):
            self.repeated += attempt > 0
            self._number = (self._number + 1) % 256
            ids.add(f"{self._number:02x}")
            self._port.write(line(" ".join((f"{self._number:02x}", word, *given))))
            deadline = time.monotonic() + seconds
            while (words := self._next(deadline)) is not None:
                if words[1:] == ["error", "checksum"]:
                    break
                if words[0] not in ids:
                    continue  # the late answer to an earlier request
                if words[1] == "error":
                    raise self._error(words[2:], passed)
                if words[1] == word:
                    return words[2:]
        raise self._silent(word)

    def _next(self, deadline: float) -> list[str] | None:
        """The words of the next line of the protocol. One that was damaged is as if the board had said so."""
        while (text := self._port.line(deadline)) is not None:
            try:
                found = body(text)
            except DamagedLineError:
                return ["", "error", "checksum"]
            if found is not None and len(words := found.split(" ")) > 1:
                return words
            if printed := one_line(text.decode("ascii", "replace").strip()):
                self._garbled = "\ufffd" in printed
                self._said.append(printed)
        return None

    def _numbers(self, words: list[str], count: int) -> list[int]:
        try:
            found = [int(each, _HEX) for each in words]
        except ValueError:
            found = []
        if len(found) != count:
            raise RuntimeFailedError(f"{self._port.name} answers with cycles that are none: flash serve.cc anew")
        return found

    def _error(self, words: list[str], passed: tuple[str, ...]) -> Exception:
        why = " ".join(words)
        if why in passed:
            return _RefusedError(why)
        reasons = {
            "arena": "its network does not start: make kArenaSize in serve.cc larger, and flash it",
            "invoke": "an inference fails there",
        }
        reason = reasons.get(why, f"its firmware refuses a request ({one_line(why)}): flash this bundle's serve.cc")
        return RuntimeFailedError(f"the board at {self._port.name}: {reason}{self._last_said()}")

    def _silent(self, word: str) -> RuntimeFailedError:
        if word != "hello":
            return RuntimeFailedError(
                f"the board at {self._port.name} stopped answering (to '{word}'): start it anew and run the same again"
                f"{self._last_said()}"
            )
        rate = f"that baud rate ({self._baud}; serial:PORT@BAUD gives another)"
        likely = (
            f"it sends no text: is it {rate}?"
            if self._garbled
            else f"is serve.cc flashed, is it that port, and {rate}?"
        )
        return RuntimeFailedError(
            f"nothing at {self._port.name} answers as a bundle's serve.cc does: {likely} {others(self._port.name)}"
            f"{self._last_said()}"
        )

    def _last_said(self) -> str:
        return f"; it printed: {' | '.join(self._said)}" if self._said and not self._garbled else ""
