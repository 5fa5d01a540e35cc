"""Memory of a model file on the machine that builds it: a first answer to whether it can fit a board at all."""

from pathlib import Path

from pydantic import Field

from edgecompress.formats.contract import Layout
from edgecompress.isolated.process import run_step
from edgecompress.record import Record

SECONDS = 600


class Memory(Record):
    """Resident memory of a process that loads the file and runs it once, in bytes, on the machine that built it.

    It includes Python, NumPy and the runtime. Another processor's kernels and another system's allocator give other
    figures: a benchmark on the board has those. Null where the system does not tell.
    """

    after_load: int | None
    peak: int | None = Field(description="highest, since the runtime was imported")
    samples: int = Field(default=1, description="run at once; more than one where the file's batch size is fixed")


def memory(path: Path, *, layout: Layout = "channels_first", threads: int = 1) -> Memory:
    """Measure the file in a process of its own.

    Raises:
        CheckError: its runtime refused the file or crashed on it.
        InputError: the runtime is not installed.
    """
    job = {"file": str(path.resolve()), "layout": layout, "threads": threads}
    event = run_step("memory", job, path, seconds=SECONDS)[-1]
    return Memory(after_load=event["after_load"]["rss"], peak=event["peak"], samples=event["samples"])
