"""Unpack: the model in a container, as the file that was packed."""

from __future__ import annotations

from ..ecz import ContainerError
from ..ecz import unpack as unpack_container
from ..errors import JobError
from ..events import Events
from ..job import Job


def unpack(job: Job, events: Events) -> None:
    """Write the model in a container, and its external data beside it.

    Job: ``file``, the container; ``output``, the model file to write. Event: ``unpacked`` with files (names) and bytes
    (of all files together).
    """
    file, output = job.file("file"), job.path("output")
    job.finish()
    try:
        paths = unpack_container(file, output, progress=lambda done, total: events.progress(done=done, total=total))
    except ContainerError as error:
        raise JobError(str(error)) from error
    events.emit("unpacked", files=[path.name for path in paths], bytes=sum(path.stat().st_size for path in paths))
