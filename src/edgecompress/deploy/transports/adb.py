"""adb: an Android device, or any board whose adbd answers, through the adb client of this machine."""

import getpass
import hashlib
import platform
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from edgecompress.deploy import process
from edgecompress.deploy.adb import client, devices, scripts
from edgecompress.deploy.adb.client import Client
from edgecompress.deploy.adb.trailer import new_mark
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import Finished, Lines, OnLine
from edgecompress.deploy.transports.contract import ENVIRONMENT, MARK
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

PYTHON = "python3"
_OPENING_SECONDS = 60
_SHORT_SECONDS = 20
_HELD_FROM = 32 * 1024  # bytes; asking whether the device holds a file costs as much as sending a smaller one
_SIGNALS = range(129, 129 + 64)  # 128 + n is what a shell says of a program that signal n ended


@contextmanager
def adb(address: str, *, python: str = "", folder: str = "", take: str = "") -> Iterator["AdbConnection"]:
    """Take a device, one job at a time, and open a work folder there.

    Args:
        address: A serial as ``adb devices`` lists it, or HOST:PORT; empty where exactly one device is attached.
        python: The device's own interpreter. Empty: ``python3``. An installed environment goes before it.
        folder: Where everything is kept there. Empty: ``/data/local/tmp/edgecompress`` on Android, else a folder in its
            ``TMPDIR`` or ``/tmp``.
        take: ``yes`` ends a job of someone else that runs there.

    Raises:
        InputError: there is no adb client, no device, or more than one and none was named.
        DeviceLostError: the device is not attached, does not trust this machine, or is offline.
        RuntimeFailedError: it is busy, or there is no folder there to work in.
    """
    deadline = Deadline.after(_OPENING_SECONDS)
    client.server(deadline)
    device = Client(devices.serial(address, deadline))
    mark = new_mark()
    script = scripts.hold(mark, folder, f"{getpass.getuser()}@{platform.node()}", take=take == "yes")
    what = f"work on {device.serial}"
    with tempfile.TemporaryFile() as errors:
        holder, output, told = device.stay(script, mark, deadline, errors, what)
        try:
            if told.word == "busy":
                raise RuntimeFailedError(f"cannot {what}: {told.more.strip()} measures there; wait until that is done")
            if told.word == "foreign":
                raise InputError(
                    f"{told.more.strip()} on {device.serial} has files in it and not our mark ({MARK}): nothing is "
                    "made or removed there; name a folder that is empty or not there yet"
                )
            if told.word != "ready":
                raise device.failure(output.decode("utf-8", errors="replace"), what)
            words = output.decode("utf-8", errors="surrogateescape").split("\0")[-5:-1]
            if len(words) < 4 or not words[2].isdigit():
                raise RuntimeFailedError(f"cannot {what}: it does not say where: what answers there?")
            root, work, number, is_set_up = words
            connection = AdbConnection(device, root, work, python or PYTHON)
            if is_set_up:
                connection.python = f"{root}/{ENVIRONMENT}/python"
            try:
                yield connection
            finally:
                with suppress(RuntimeFailedError):  # where the device is gone, it tidies up by itself
                    device.say(scripts.release(number), Deadline.after(_SHORT_SECONDS), "leave")
        finally:
            process.end(holder)


class AdbConnection:
    """See ``contract.Connection``. ``root`` is the folder there in which everything is kept."""

    def __init__(self, device: Client, root: str, work: str, python: str) -> None:
        self._device, self._work = device, work
        self.root: str | None = root
        self.python = self.own_python = python

    def push(self, local: Path, remote: str, deadline: Deadline) -> None:
        """Copy a file into the work folder, unless the device holds it from an earlier time: it knows it by its sum."""
        what = f"copy {local} to {remote} on {self._device.serial}"
        target = f"{self._work}/{remote}"
        try:
            with local.open("rb") as stream:
                digest, size = hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
        except OSError as error:
            raise RuntimeFailedError(f"cannot {what}: {error.strerror}") from error
        blob = f"{self.root}/blobs/{digest}" if size >= _HELD_FROM else ""
        if blob and self._device.say(scripts.place(blob, digest, target), deadline, what)[0] == 0:
            return
        part = f"{self._work}/.part-{secrets.token_hex(6)}"
        try:
            self._device.copy(["push", str(local.absolute()), part], deadline, what)
            self._say(scripts.accept(part, digest, target, blob), deadline, what)
        except DeviceLostError:
            raise
        except BaseException:
            self._quietly(scripts.remove(part))
            raise

    def pull(self, remote: str, local: Path, deadline: Deadline) -> None:
        """Copy a file out of the work folder, to another name first: what it gets is whole."""
        what = f"copy {remote} on {self._device.serial} to {local}"
        there = f"{self._work}/{remote}"
        part = local.with_name(f".part-{secrets.token_hex(6)}")
        digest = self._say(scripts.digest(there), deadline, what).strip()
        try:
            local.parent.mkdir(parents=True, exist_ok=True)
            self._device.copy(["pull", there, str(part.absolute())], deadline, what)
            with part.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                    raise RuntimeFailedError(f"cannot {what}: it arrived damaged")
            part.replace(local)
        except OSError as error:
            raise RuntimeFailedError(f"cannot {what}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

    def run(self, arguments: Sequence[str], deadline: Deadline, on_line: OnLine) -> Finished:
        """Run a program in the work folder, in a process group of its own, which is killed whole."""
        name = arguments[0].rsplit("/", 1)[-1]
        mark, lines = new_mark(), Lines(on_line)
        script = scripts.run(mark, self._work, arguments)
        try:
            told = self._device.execute(script, mark, deadline, lines, f"run {name}")
        except TimeoutError as error:
            self._quietly(scripts.kill(self._work))
            raise RuntimeFailedError(f"{name} did not finish within {deadline.seconds:g} s") from error
        except BaseException:
            self._quietly(scripts.kill(self._work))
            raise
        if told.word == "absent":
            raise RuntimeFailedError(f"cannot start {arguments[0]}: there is none on {self._device.serial}")
        if told.word == "gone":
            raise DeviceLostError(f"{self._device.serial}: its work folder is gone: restarted, or taken by someone")
        code = 128 - told.number if told.number in _SIGNALS else told.number
        return Finished(code, lines.finish(), told.more)

    def _say(self, script: str, deadline: Deadline, what: str) -> str:
        code, said = self._device.say(script, deadline, what)
        if code:
            raise self._device.failure(said, what)
        return said

    def _quietly(self, script: str) -> None:
        """Tidy up; whatever stands in the way of that is told by what else fails."""
        with suppress(RuntimeFailedError):
            self._device.say(script, Deadline.after(_SHORT_SECONDS), "tidy up")
