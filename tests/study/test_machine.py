import importlib.metadata
import platform

from edgecompress.study.machine import machine


def test_it_is_this_one():
    found = machine(threads=3, gpu=None)
    assert (found.system, found.machine) == (platform.system(), platform.machine())
    assert found.threads == 3
    assert found.cores >= 1
    assert found.versions["torch"] == importlib.metadata.version("torch")
