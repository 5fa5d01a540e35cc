"""A board behind a pseudo-terminal: the protocol of docs/serial.md over the tflite-micro package, faults on demand.

It shares no code with the package: what a line is, is said here once more.
"""

import base64
import binascii
import os
import threading
import tty
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class Faults:
    """What goes wrong. Requests and answers are counted from 1."""

    boot: bytes = b"ets Jul 29 2019 rst:0x1\r\n@half a line\n\xff\xfe\n"  # printed before the first answer
    log: bytes = b""  # printed before each answer
    damaged_answers: set = field(default_factory=set)
    damaged_requests: set = field(default_factory=set)
    lost_inputs: set = field(default_factory=set)  # requests whose inputs are dropped, and acknowledged
    silent_from: int = 1 << 30
    gone_from: int = 1 << 30
    version: int = 1
    refuses: str = ""  # every request, with this word
    other_model: bool = False
    added: float = 0.0  # to every output


class SerialBoard:
    """A context manager: ``path`` is the port; ``requests`` are the words that came."""

    def __init__(self, model: Path, *, hertz: int = 0, faults: Faults | None = None, cycles: int = 1000) -> None:
        from tflite_micro.python.tflite_micro.runtime import Interpreter

        self._data = model.read_bytes()
        self._interpreter = Interpreter.from_file(str(model))
        details = self._interpreter.get_input_details(0)
        self._shape = details["shape"]
        self._inputs = bytearray(4 * int(np.prod(self._shape)))
        self._made = b""
        self._hertz, self._faults, self._cycles = hertz, faults or Faults(), cycles
        self.requests: list[str] = []
        self._answers = 0

    def __enter__(self):
        self._mine, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for each in (self._mine, self._theirs):
            with suppress(OSError):
                os.close(each)
        self._thread.join(5)

    def _serve(self):
        held = b""
        while not self._end.is_set():
            try:
                held += os.read(self._mine, 4096)
            except OSError:
                return
            while b"\n" in held:
                line, _, held = held.partition(b"\n")
                try:
                    self._take(line)
                except OSError:
                    return

    def _take(self, line):
        body, _, crc = line.partition(b"@")[2].partition(b"*")
        self.requests.append(body.split(b" ")[1].decode())
        number, faults = len(self.requests), self._faults
        if number == 1:
            os.write(self._mine, faults.boot)
        if number >= faults.gone_from:
            os.close(self._theirs)
            os.close(self._mine)
            raise OSError
        if number >= faults.silent_from:
            return
        name, word, *given = body.decode().split(" ")
        if number in faults.damaged_requests or binascii.crc32(body) != int(crc, 16):
            self._answer(name, "error checksum")
        elif faults.refuses:
            self._answer(name, f"error {faults.refuses}")
        else:
            self._answer(name, getattr(self, f"_{word}")(number, *given))

    def _answer(self, name, text):
        self._answers += 1
        body = f"{name} {text}".encode()
        line = b"@%s*%08x\n" % (body, binascii.crc32(body))
        if self._answers in self._faults.damaged_answers:
            line = line[:4] + bytes([line[4] ^ 1]) + line[5:]
        os.write(self._mine, self._faults.log + line)

    def _hello(self, _):
        crc = binascii.crc32(self._data) ^ self._faults.other_model
        numbers = (self._faults.version, crc, len(self._data), len(self._inputs) // 4, self._outputs(), 5000, 6000)
        text = " ".join(f"{each:x}" for each in (*numbers, self._hertz, int(not self._hertz)))
        return f"hello {text} Zephyr a board of tests"

    def _outputs(self):
        return int(np.prod(self._interpreter.get_output_details(0)["shape"]))

    def _input(self, number, place, text):
        if number not in self._faults.lost_inputs:
            data, start = base64.b64decode(text), int(place, 16)
            self._inputs[start : start + len(data)] = data
        return "input"

    def _run(self, _, crc):
        if binascii.crc32(bytes(self._inputs)) != int(crc, 16):
            return "error input"
        return f"run {self._invoke():x}"

    def _invoke(self):
        values = np.frombuffer(bytes(self._inputs), "<f4").reshape(self._shape)
        self._interpreter.set_input(np.ascontiguousarray(values), 0)
        self._interpreter.invoke()
        self._made = (np.asarray(self._interpreter.get_output(0)) + np.float32(self._faults.added)).tobytes()
        return self._cycles

    def _time(self, _, count):
        return " ".join(["time", *(f"{self._cycles + place:x}" for place in range(int(count, 16)))])

    def _output(self, _, place):
        start = int(place, 16)
        return f"output {base64.b64encode(self._made[start : start + 240]).decode()}"
