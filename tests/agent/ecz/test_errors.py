from edgecompress.agent.ecz.errors import ContainerError
from edgecompress.agent.errors import JobError


def test_a_wrong_container_ends_like_a_wrong_job():
    assert ContainerError.exit_code == JobError.exit_code == 2
