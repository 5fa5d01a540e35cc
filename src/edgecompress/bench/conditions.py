"""The state of a device, as the agent there reports it."""

from edgecompress.bench.machine import Conditions
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice, Event

SECONDS = 120  # a bound for what should never hang


def conditions(agent: AgentOnDevice) -> Conditions:
    """The device and the state it is in.

    Raises:
        AgentFailedError: the agent does not run there at all, or another one than was sent does.
    """
    (event,) = agent.step("conditions", {}, seconds=SECONDS, on_progress=_ignore)
    if event.get("agent") != agent.sha256:
        raise AgentFailedError("the agent that answers there is not the one that was sent: run the same command again")
    return Conditions.model_validate({name: event[name] for name in Conditions.model_fields if name in event})


def _ignore(event: Event) -> None:
    """This step reports no progress."""
