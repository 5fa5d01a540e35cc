import platform
import subprocess
import sys
from importlib import metadata

import pytest

from edgecompress.deploy.emulated import emulator, guest
from edgecompress.deploy.emulated.processors import find
from edgecompress.errors import InputError, RuntimeFailedError


def test_a_guest_gets_the_releases_that_are_installed_here():
    wanted = guest.requirements()
    assert f"onnxruntime=={metadata.version('onnxruntime')}" in wanted
    assert f"ai-edge-litert=={metadata.version('ai-edge-litert')}" in wanted


@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs an x86-64 machine")
def test_for_x86_it_is_this_python():
    made = guest.make("x86_64")
    assert (made.loader, made.program) == ((), (sys.executable, "-S"))
    assert dict(made.variables)["PYTHONHOME"] == sys.base_prefix


def test_other_machines_are_told_what_there_is(monkeypatch):
    with pytest.raises(InputError, match=r"no guest for riscv64; choose from: x86_64, aarch64"):
        guest.make("riscv64")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(InputError, match="on x86-64 machines alone"):
        guest.make("x86_64")


def test_packages_without_a_python_are_refused(tmp_path):
    (tmp_path / "usr/bin").mkdir(parents=True)
    with pytest.raises(RuntimeFailedError, match="hold no Python"):
        guest._describe(tmp_path, "aarch64", ["libc6_2.36-9_arm64.deb"])


@pytest.mark.slow
def test_an_arm_python_runs_with_both_runtimes_on_every_processor(arm_counts, tmp_path):
    made = guest.make("aarch64")
    code = (
        "import platform, onnxruntime, ai_edge_litert.interpreter, re; "
        "words = re.search(r'Features\\t: (.*)', open('/proc/cpuinfo').read())[1].split(); "
        "print(platform.machine(), onnxruntime.__version__, 'asimddp' in words)"
    )
    for name in ("cortex-a53", "cortex-a76"):
        launcher = emulator.write_launcher(tmp_path, find(name), made, None)
        done = subprocess.run([launcher, "-c", code], capture_output=True, text=True, check=True)
        version = metadata.version("onnxruntime")
        assert done.stdout.split() == ["aarch64", version, str(name == "cortex-a76")]
    assert guest.make("aarch64", progress=pytest.fail) == made  # kept: nothing is fetched again
