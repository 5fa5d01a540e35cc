import platform
import zipfile

import pytest

from edgecompress.bench.conditions import conditions
from edgecompress.deploy.agent_zip import NAME
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice
from edgecompress.deploy.transports.local import local


def test_the_conditions_are_of_where_the_agent_runs():
    with local() as connection:
        found = conditions(AgentOnDevice(connection))
    assert (found.system, found.machine) == (platform.system(), platform.machine())
    assert found.versions["numpy"]


def test_an_agent_of_another_version_is_refused(tmp_path):
    with local() as connection:
        agent = AgentOnDevice(connection)
        # The same agent with one more line: as good as another version's.
        connection.pull(NAME, tmp_path / NAME, Deadline.after(60))
        with zipfile.ZipFile(tmp_path / NAME, "a") as archive:
            archive.writestr("edgecompress_agent/more.py", "")
        connection.push(tmp_path / NAME, NAME, Deadline.after(60))
        with pytest.raises(AgentFailedError, match="is not the one that was sent"):
            conditions(agent)
