"""The agent as one file that a Python on the board runs: ``python agent.pyz STEP JOB.json``."""

import io
import zipfile
from pathlib import Path

from edgecompress import agent

NAME = "agent.pyz"
_PACKAGE = "edgecompress_agent"
_MAIN = f"""\
import sys

from {_PACKAGE}.__main__ import main

sys.exit(main(sys.argv[1:]))
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold
_UNIX = 3
_READABLE = 0o100644 << 16


def agent_zip() -> bytes:
    """The agent's package as a zip application (PEP 441).

    The same sources give the same bytes on any machine: fixed times and modes, sorted names, and nothing compressed,
    since compressors differ between versions of zlib.
    """
    folder = Path(agent.__file__).parent
    sources = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    files = {"__main__.py": _MAIN.encode()}
    files |= {f"{_PACKAGE}/{name}": (folder / name).read_bytes() for name in sources}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _READABLE
            archive.writestr(entry, content)
    return buffer.getvalue()
