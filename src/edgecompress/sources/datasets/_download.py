"""Fetching a data set's files from their official addresses: resumed, checked, and never half there.

Bytes go to ``NAME.part`` beside the destination. Whatever stops the transfer, the next run asks the server only for
the rest (HTTP Range, RFC 9110 section 14). The file gets its name when it is complete and its checksum is right.
"""

import fcntl
import hashlib
import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edgecompress.errors import InputError
from edgecompress.progress import Progress

_CHUNK = 1 << 18
_ATTEMPTS = 3
_TIMEOUT_SECONDS = 30.0
_MOST_BYTES = 1 << 30  # the largest of these files has 170 MB
# A server that sends a byte now and then keeps every single wait short, and the whole would last for days.
_PACE_SECONDS, _PACE_BYTES = 60.0, 60 << 10
_PARTIAL, _RANGE_NOT_SATISFIABLE = 206, 416


@dataclass(frozen=True)
class Remote:
    """A file at its official address, with the checksum its authors or PyTorch's data sets publish, if any."""

    url: str
    md5: str | None

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[-1]


def obtain(data_set: str, remotes: list[Remote], folder: Path, *, download: bool, progress: Progress) -> None:
    """Download those of ``remotes`` that ``folder`` does not hold yet.

    Raises:
        InputError: ``download`` is false and one is absent, or it cannot be had.
    """
    for remote in remotes:
        destination = folder / remote.file_name
        if destination.exists():
            continue
        if not download:
            raise InputError(
                f"{data_set}: {destination} does not exist, and downloading is switched off; "
                f"put {remote.url} there, or allow the download"
            )
        fetch(remote, destination, progress=progress)


def fetch(remote: Remote, destination: Path, *, progress: Progress) -> None:
    """Download one file, going on where an earlier run stopped. Progress is in KiB.

    Processes that want the same file wait for each other, so that only one of them writes.

    Raises:
        InputError: there is no connection, the disk is full, or what arrived is not the official file.
    """
    part = destination.with_name(destination.name + ".part")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with part.open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if destination.exists():  # another process was faster, and this stream is its file under the old name
                part.unlink(missing_ok=True)
                return
            _transfer(remote, destination, stream, progress)
            _check(remote, destination, stream)
            part.replace(destination)
    except OSError as error:
        raise InputError(
            f"cannot write {part}: {error.strerror or error}; free the space or choose --data-dir"
        ) from error


def _transfer(remote: Remote, destination: Path, stream: BinaryIO, progress: Progress) -> None:
    """Append to ``stream`` until it holds the whole file.

    Raises:
        InputError: no attempt brought it to its end.
    """
    reason = ""
    for _ in range(_ATTEMPTS):
        try:
            if _request(remote, stream, progress):
                return
            reason = "the connection was cut"
        except urllib.error.HTTPError as error:
            reason = f"the server answers {error.code} {error.reason}"
            if error.code != _RANGE_NOT_SATISFIABLE:
                break
            if (error.headers.get("Content-Range") or "").endswith(f"*/{stream.tell()}"):
                return  # an earlier run was stopped between the last byte and the new name
            stream.truncate(0)  # the part is longer than the file: it is of something else
        except urllib.error.URLError as error:
            reason = str(getattr(error.reason, "strerror", None) or error.reason)
        except _RefusedError as error:
            reason = str(error)
            break
        except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
            reason = str(error) or type(error).__name__
    raise InputError(
        f"cannot download {remote.url}: {reason}; try again, or fetch it elsewhere and put it at {destination}"
    )


def _request(remote: Remote, stream: BinaryIO, progress: Progress) -> bool:
    """One request for what is missing. Returns whether the file is complete now."""
    have = stream.seek(0, 2)
    # The addresses are constants of this package: none of them is of a file or of a user.
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
        if response.status != _PARTIAL or _start(response.headers.get("Content-Range")) != have:
            # The server sends from the beginning, whatever was asked for.
            stream.truncate(0)
            have = 0
        length = _length(response.headers.get("Content-Length"))
        total = have + length if length is not None else None
        _check_size(total or have)
        since, at = time.monotonic(), have
        # What has arrived, and not a whole chunk: that could take for ever.
        while chunk := response.read1(_CHUNK):
            stream.write(chunk)
            have += len(chunk)
            _check_size(have)
            progress(f"download {remote.file_name}", have >> 10, (total or have) >> 10, "KiB")
            if (now := time.monotonic()) - since >= _PACE_SECONDS:
                if have - at < _PACE_BYTES:
                    raise _RefusedError(f"only {have - at} bytes arrived in {now - since:.0f} s")
                since, at = now, have
    stream.flush()
    return total is None or have == total


class _RefusedError(Exception):
    """An answer of a server that no second attempt mends."""


def _length(header: str | None) -> int | None:
    """The number of bytes of an answer, as it says; ``None``: it does not say."""
    if header is None:
        return None
    if not re.fullmatch(r"\d{1,18}", header.strip(), re.ASCII):
        raise _RefusedError("the server gives a Content-Length that is no number of bytes")
    return int(header)


def _check_size(size: int) -> None:
    if size > _MOST_BYTES:
        raise _RefusedError(f"the server sends more than {_MOST_BYTES >> 20} MiB, which the file does not have")


def _start(content_range: str | None) -> int | None:
    """The offset at which an answer's bytes begin: 1000 of ``bytes 1000-1999/2000``."""
    match = re.match(r"bytes (\d{1,18})-", content_range or "", re.ASCII)
    return int(match[1]) if match else None


def _check(remote: Remote, destination: Path, stream: BinaryIO) -> None:
    """Compare the checksum of what ``stream`` holds with the published one.

    Raises:
        InputError: they differ; the part is emptied, so that the next run begins anew.
    """
    if remote.md5 is None:
        return
    stream.seek(0)
    digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()  # type: ignore[arg-type]
    if digest != remote.md5:
        # Not deleted: a process that waits for the lock has the same file open.
        stream.truncate(0)
        raise InputError(
            f"{remote.url} is not the official file (MD5 {digest}, published {remote.md5}); "
            f"try again, or put the official file at {destination}"
        )
