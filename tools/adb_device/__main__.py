#!/usr/bin/env python3
"""The device's side of adb over TCP on 127.0.0.1: what a phone runs as adbd, for a root file system on this machine.

Usage: python tools/adb_device [--root FOLDER] [--shell "sh"] [--old] [--unauthorized | --silent] [--cut-after BYTES]

It prints its port; `adb connect 127.0.0.1:PORT` then lists it. Commands run in --root (with chroot, as root, where it
is not /), read by --shell. --old has no shell protocol 2, as before Android 7. --unauthorized asks for a key and takes
none. --silent takes connections and says nothing, as a device that hangs. --cut-after drops the connection, once, when
that many bytes were pushed. It shows that adb is used rightly; of how a phone behaves otherwise it says nothing.
"""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import shell as shells
from sync import sync
from wire import LARGEST, VERSION, Closed, Message, Wire, serve_streams

if TYPE_CHECKING:
    from wire import Stream

_TOKEN = 1


class Device:
    """What the options say the device is."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        shell = shlex.split(options.shell)
        self._shell = [*shell, "-c"] if options.root == Path("/") else ["chroot", str(options.root), *shell, "-c"]
        self._left_to_push = options.cut_after

    def talk(self, connection: socket.socket) -> None:
        """Serve one connection to its end."""
        wire = Wire(connection)
        try:
            while wire.receive().command != b"CNXN":
                pass
            if self._options.silent:
                threading.Event().wait()
            while self._options.unauthorized:
                wire.send(Message(b"AUTH", _TOKEN, 0, os.urandom(20)))
                wire.receive()
            features = "cmd" if self._options.old else "cmd,shell_v2"
            banner = f"device::ro.product.name=edgecompress;ro.product.model=test;features={features}"
            wire.send(Message(b"CNXN", VERSION, LARGEST, banner.encode()))
            serve_streams(wire, partial(self._serve, wire))
        except Closed:
            pass
        finally:
            wire.close()

    def _serve(self, wire: Wire, name: str, stream: Stream) -> None:
        service, _, command = name.partition(":")
        if service == "sync":
            sync(self._options.root, stream, partial(self._count, wire))
        elif service.startswith("shell,v2") and not self._options.old:
            shells.framed(self._shell, command, stream)
        elif service.split(",")[0] in ("shell", "exec"):
            shells.raw(self._shell, command, stream)

    def _count(self, wire: Wire, size: int) -> None:
        if self._left_to_push is None:
            return
        self._left_to_push -= size
        if self._left_to_push < 0:
            self._left_to_push = None
            wire.close()


def main() -> None:
    """Listen until killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--shell", default="sh")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--old", action="store_true")
    parser.add_argument("--unauthorized", action="store_true")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--cut-after", type=int)
    options = parser.parse_args()
    device = Device(options)
    with socket.create_server(("127.0.0.1", options.port)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=device.talk, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
