"""The accelerator that runs a bundle's files beside the runtimes' own kernels for the CPU, on one device."""

from collections.abc import Mapping

from pydantic import Field

from edgecompress.bench.contract import ToMeasure
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice
from edgecompress.errors import InputError
from edgecompress.record import Record
from edgecompress.target import Runtime

_SECONDS = 120


class Accelerator(Record):
    """The accelerator that was asked for; empty: none. How many nodes it took is with each file's latency."""

    provider: str = Field(default="", description="execution provider of onnxruntime")
    delegate: str = Field(default="", description="shared library of a LiteRT delegate, on the device")

    def of(self, runtime: Runtime) -> dict[str, str]:
        """The part that a runtime understands, as keys of a job."""
        given = {"provider": self.provider} if runtime == "onnxruntime" else {"delegate": self.delegate}
        return {key: value for key, value in given.items() if value}


NONE = Accelerator()


def check(agent: AgentOnDevice, accelerator: Accelerator, files: Mapping[str, ToMeasure]) -> None:
    """See that the device has what is asked for, before anything is measured there.

    Raises:
        InputError: it has not, or the bundle has no file that could use it.
    """
    unused = {option for option, value in accelerator.model_dump().items() if value}
    for name, file in files.items():
        asked = accelerator.of(file.runtime)
        if not unused & set(asked):
            continue
        unused -= set(asked)
        try:
            agent.step("accelerator", {"file": name, **asked}, seconds=_SECONDS, on_progress=lambda _: None)
        except AgentFailedError as error:
            raise InputError(str(error)) from error
    if unused:
        raise InputError(f"no file that is measured here can use the {min(unused)} that was given")
