from pathlib import Path

from edgecompress.agent.accelerator import NONE, Accelerator
from edgecompress.agent.job import Job


def test_a_job_says_what_is_to_run_the_nodes():
    job = Job({"provider": "cuda", "delegate": "/lib/a.so"}, Path())
    assert job.accelerator() == Accelerator("cuda", "/lib/a.so")
    job.finish()
    assert Job({}, Path()).accelerator() == NONE
