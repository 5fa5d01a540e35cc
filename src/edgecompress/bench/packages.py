"""Check that a device has the packages to measure with, before anything is pushed, and not once for each step."""

from collections.abc import Iterable

from edgecompress.bench.machine import Conditions
from edgecompress.deploy.provision import ALTERNATIVES, package
from edgecompress.devices import LOCAL, Device
from edgecompress.errors import RuntimeFailedError
from edgecompress.target import Runtime


def check(device: Device, conditions: Conditions, runtimes: Iterable[Runtime]) -> None:
    """See that NumPy is there, and one of ``runtimes`` at least: files of the others fail, each in its own row.

    Raises:
        RuntimeFailedError: they are not; the line says how to mend that.
    """
    if found := missing(conditions, runtimes):
        raise RuntimeFailedError(f"{device.name} has no {' and no '.join(found)}: {how_to_install(device)}")


def missing(conditions: Conditions, runtimes: Iterable[Runtime]) -> list[str]:
    """The packages that a device lacks to measure with: NumPy, and where it has none of ``runtimes``, these."""
    there = {name for name, version in conditions.versions.items() if version}
    wanted = dict.fromkeys(runtimes)
    usable = any(package(alternative[0]) in there for runtime in wanted for alternative in ALTERNATIVES[runtime])
    return [name for name, found in (("numpy", "numpy" in there), (" or ".join(wanted), usable)) if not found]


def how_to_install(device: Device) -> str:
    """The command that installs what a device lacks."""
    if device.transport == LOCAL or device.emulated:
        return "pip install 'edgecompress[bench]'"
    return f"edgecompress devices setup {device.name}"
