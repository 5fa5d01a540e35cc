"""``edgecompress devices``: the user's devices, and what is installed on them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecompress.cli import console as progress_console
from edgecompress.cli import help as help_page
from edgecompress.cli.options import FORMAT
from edgecompress.errors import InputError
from edgecompress.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecompress.devices import Device
    from edgecompress.report.document import Document

app = help_page.group("Register the boards that bench measures on, and set them up.")

_SET_UP = {"numpy", "psutil", "onnxruntime", "litert"}
"""Findings that set-up mends."""
NAME = Annotated[str, typer.Argument(help="The device's name.")]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(cls=help_page.Command)
def add(
    name: NAME,
    address: Annotated[str, typer.Argument(help="ssh://user@host[:port], adb:SERIAL or serial:PORT[@BAUD].")],
    target: Annotated[str | None, typer.Option(help="The profile of this board (edgecompress targets).")] = None,
    key: Annotated[Path | None, typer.Option(help="ssh: a private key. Default: what ssh itself offers.")] = None,
    python: Annotated[str, typer.Option(help="The board's own Python. Default: python3.")] = "",
    runtime: Annotated[list[str] | None, typer.Option(help="To install and measure. Default: the profile's.")] = None,
    folder: Annotated[str, typer.Option(help="Where all is kept there. Default: ~/.cache/edgecompress.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a device of this name.")] = False,
    connect: Annotated[
        bool,
        typer.Option("--connect/--no-connect", help="Look at it as 'doctor' does, and say what comes next."),
    ] = True,
    format_: FORMAT = "terminal",
) -> None:
    """Register a device under a name, and look at it: is it reached, is it the board, what is missing there.

    Example: edgecompress devices add kitchen ssh://pi@192.168.1.20 --target rpi4
    """
    from edgecompress import devices as devices_room
    from edgecompress.devices import Device

    write = progress_console.writer(format_)

    table = {
        "name": name,
        "address": address,
        "target": target,
        "key": str(key or ""),
        "python": python,
        "runtimes": runtime or [],
        "folder": folder,
    }
    device = Device.from_table(table, name)
    devices_room.add(device, replace=replace)
    progress_console.aside(f"registered {name} in {devices_room.path()}", format_)
    if device.is_microcontroller:
        progress_console.aside(f"next: flash a bundle's serve.cc; edgecompress bench BUNDLE --device {name}", format_)
    elif connect:
        _look(device, write, format_)


def _look(device: "Device", write: "Callable[[Document], None]", format_: str) -> None:
    """Print the state of a device, and the command that comes next. It stays registered whatever is found."""
    from edgecompress.bench.doctor import doctor
    from edgecompress.errors import EdgecompressError
    from edgecompress.report.doctor import doctor as report

    try:
        with progress_console.long_work("it is registered: look at it with 'edgecompress doctor'"):
            findings = doctor(device)
    except EdgecompressError as error:
        progress_console.warn(f"{error}; then: edgecompress doctor --device {device.name}")
        return
    write(report(device.name, findings))
    faults = {finding.subject for finding in findings if finding.state == "bad"}
    after = f"edgecompress doctor --device {device.name}"
    if not faults:
        after = f"edgecompress run MODEL --data DATA --device {device.name}"
    elif faults <= _SET_UP:
        after = f"edgecompress devices setup {device.name}"
    progress_console.aside(f"next: {after}", format_)


@app.command("list", cls=help_page.Command)
def list_(format_: FORMAT = "terminal", as_json: AS_JSON = False) -> None:
    """List the registered devices.

    Example: edgecompress devices list
    """
    from edgecompress import devices as devices_room
    from edgecompress.report import devices as report

    known = devices_room.registered()
    if as_json:
        progress_console.say(
            json.dumps([device.model_dump(mode="json") for device in known.values()], indent=2), as_json=True
        )
    elif not known and format_ == progress_console.TERMINAL:
        progress_console.say("no device is registered: edgecompress devices add NAME ssh://user@host --target rpi4")
    else:
        progress_console.writer(format_)(report.registered(known))


@app.command(cls=help_page.Command)
def show(name: NAME, format_: FORMAT = "terminal", as_json: AS_JSON = False) -> None:
    """Print what is known of a device.

    Example: edgecompress devices show kitchen
    """
    from edgecompress import devices as devices_room
    from edgecompress.report.fields import fields

    found = devices_room.find(name)
    if as_json:
        progress_console.say(json.dumps(found.model_dump(mode="json"), indent=2), as_json=True)
        return
    progress_console.writer(format_)(fields(found.name, found))


@app.command(cls=help_page.Command)
def remove(name: NAME) -> None:
    """Forget a device. What is on the board stays there; 'devices clean' removes that.

    Example: edgecompress devices remove kitchen
    """
    from edgecompress import devices as devices_room

    progress_console.say(f"removed {devices_room.remove(name).name}")


@app.command(cls=help_page.Command)
def setup(
    name: NAME,
    offline: Annotated[
        bool, typer.Option("--offline", help="Fetch wheels here and push them: for a board without a network or pip.")
    ] = False,
    portable: Annotated[
        Path | None, typer.Option(help="Install this portable runtime: for Android and boards without Python.")
    ] = None,
) -> None:
    """Install NumPy, psutil and the runtimes on a device, in an environment of its own.

    Example: edgecompress devices setup kitchen
    """
    from edgecompress import devices as devices_room
    from edgecompress.deploy import portable as portable_room
    from edgecompress.deploy import provision
    from edgecompress.deploy.deadline import Deadline

    with progress_console.long_work("run it again") as progress:
        device = devices_room.find(name)
        if device.emulated:
            with device.connect(progress=progress) as connection:
                progress_console.say(f"{device.name}: {connection.python and 'ready'}")
            return
        if portable is not None:
            with device.connect() as connection:
                python = portable_room.install(connection, portable, Deadline.after(provision.INSTALL_SECONDS))
            progress_console.say(f"{device.name}: {python} is ready")
            return
        done = devices_room.set_up(device, offline=offline, progress=progress)
        if done is None:
            raise InputError("this machine needs no set-up: pip install 'edgecompress[bench]'")
    progress_console.say(f"{device.name}: {'installed' if done.fresh else 'there already'}")
    for package, version in done.packages.items():
        progress_console.say(f"  {package} {version}")
    for runtime, why in done.left_out.items():
        progress_console.say(f"  {runtime} left out: {why}")


@app.command(cls=help_page.Command)
def clean(
    name: NAME,
    force: Annotated[bool, typer.Option("--force", help="End the job that runs there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove everything that edgecompress made on a device: files, and what set-up installed. Other files stay.

    Example: edgecompress devices clean kitchen
    """
    from edgecompress import devices as devices_room
    from edgecompress.deploy import clean as clean_room

    with progress_console.long_work("run it again"):
        device = devices_room.find(name)
        with device.connect(**({"take": "yes"} if force else {})) as connection:
            if connection.root is not None and not yes and not _agreed(device.name, connection.root):
                progress_console.say(f"{device.name}: nothing was removed")
                return
            removed = clean_room.clean(connection)
    progress_console.say(f"{device.name}: {removed}")


def _agreed(name: str, root: str) -> bool:
    """Return whether the user agrees to remove what was made on a device.

    Raises:
        InputError: there is nobody to ask.
    """
    try:
        return typer.confirm(one_line(f"Remove what edgecompress made on {name}, in {root}?"), err=True)
    except typer.Abort as error:
        raise InputError("nobody answers here: give --yes to remove without being asked") from error
