"""Decide if a machine is the board of a profile, by its own name, whatever it is registered as."""

import re

from edgecompress.bench.machine import Conditions
from edgecompress.deploy.wheels import Platform
from edgecompress.target import Target

_SAME = {"arm64": "aarch64", "amd64": "x86_64", "armv8l": "armv7l"}  # as other systems name them
ANDROID = "Android"


def mismatch(profile: Target, conditions: Conditions, transport: str) -> str:
    """The reason why a machine, reached by ``transport``, is not the board of ``profile``; empty: it is.

    The architecture is compared that Python there is compiled for (a 32-bit system can run on a 64-bit kernel, and its
    runtimes are others), and the model: of a board what its device tree or firmware says, of a
    phone that it is one. A profile that is reached locally is of the machine that this runs on.
    """
    processor = Platform(conditions.machine, conditions.python or "", "", conditions.python_bits or 64).processor
    if profile.arch not in ("any", _SAME.get(processor, processor)):
        kernel = "" if processor == conditions.machine else f" on a kernel of {conditions.machine}"
        return f"it is {processor}{kernel}, and {profile.name} is {profile.arch}"
    if profile.transport == "local":
        return "" if transport == "local" else f"{profile.name} is of the machine that this runs on"
    if profile.transport == "adb":
        return "" if conditions.system == ANDROID else f"it runs {conditions.system}, and {profile.name} is a phone"
    names = [name for name in (conditions.board, conditions.product) if name]
    if not names:
        return f"it does not say which board it is, and {profile.name} is {profile.title}"
    if any(_begins(name, model) for name in names for model in profile.models or [profile.title]):
        return ""
    return f"it is {names[0]}, and {profile.name} is {profile.title}"


def _begins(name: str, model: str) -> bool:
    """Return whether a name begins with a model's, as words: a Raspberry Pi 500 is no Raspberry Pi 5."""
    return re.match(re.escape(model) + r"(?!\w)", name) is not None
