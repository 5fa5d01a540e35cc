import subprocess

import pytest

from edgecompress.deploy.emulated import emulator, guest
from edgecompress.deploy.emulated.processors import find
from edgecompress.errors import InputError, RuntimeFailedError

# Calls a loop of two instructions, written as machine code, between marks: 2 n and a few more are executed.
LOOP = """
import ctypes, mmap, platform, sys
code = {"x86_64": "48ffcf75fbc3", "aarch64": "000400f1e1ffff54c0035fd6"}[platform.machine()]
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(bytes.fromhex(code))
loop = ctypes.CFUNCTYPE(None, ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
close = ctypes.CDLL(None).close
for n in (10, 1_000, 100_000, 10_000_000):
    close(0x45434D31)
    loop(n)
    close(0x45434D31)
"""


def counts(folder, name, code, *, plugin=True):
    processor = find(name)
    path = emulator.counter(processor.machine) if plugin else None
    launcher = emulator.write_launcher(folder, processor, guest.make(processor.machine), path)
    done = subprocess.run([launcher, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    marks = [int(line) for line in (folder / emulator.COUNTS).read_text().split()] if plugin else []
    return [end - start for start, end in zip(marks[::2], marks[1::2], strict=True)], done.stdout


def exact(taken):
    # The same call each time but for the loop: what is more than 2 n is the same number.
    _, first, second, third = taken
    assert second - first == 2 * 99_000
    assert third - second == 2 * 9_900_000


def test_instructions_are_counted_one_by_one(x86_counts, tmp_path):
    exact(counts(tmp_path, "x86-no-avx", LOOP)[0])


@pytest.mark.slow
def test_instructions_are_counted_one_by_one_on_arm(arm_counts, tmp_path):
    exact(counts(tmp_path, "cortex-a72", LOOP)[0])


def test_nothing_of_this_environment_reaches_the_guest(x86_counts, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.setenv("LD_PRELOAD", "/nonexistent.so")
    code = "import os; print(sorted(os.environ)); print(open('/proc/cpuinfo').read())"
    _, said = counts(tmp_path, "x86-no-avx", code, plugin=False)
    names, cpuinfo = said.split("\n", 1)
    own = ["HOME", "LANG", "OMP_NUM_THREADS", "PATH", "PYTHONHASHSEED", "PYTHONHOME", "PYTHONPATH", "TMPDIR"]
    assert names == str(own)
    assert "Nehalem" in cpuinfo
    assert "avx" not in cpuinfo


def test_what_the_guest_starts_as_itself_is_emulated_too_wherever_that_is(x86_counts, tmp_path):
    folder = tmp_path / "with, comma"
    folder.mkdir()
    code = "print(open('/proc/cpuinfo').read().count('Nehalem') > 0)"
    parent = f"import ctypes, subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], cwd='/', check=True)"
    parent += "; print(sys.executable); [ctypes.CDLL(None).close(0x45434D31) for _ in range(2)]"
    taken, said = counts(folder, "x86-no-avx", parent)
    assert said.splitlines() == ["True", str(folder / "python")]
    assert len(taken) == 1  # the child has left what the parent's marks go to as it was


def test_what_is_not_installed_is_told_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"no qemu-aarch64 here .*apt-get install qemu-user"):
        emulator.program("aarch64")
    static = tmp_path / "qemu-aarch64-static"
    static.write_text("#!/bin/sh\n")
    static.chmod(0o755)
    assert emulator.program("aarch64") == str(static)
    assert "the static one takes none: apt-get install qemu-user gcc" in emulator.cannot_count("aarch64")
    static.rename(tmp_path / "qemu-aarch64")
    assert "needs a C compiler: apt-get install" in emulator.cannot_count("aarch64")
    with pytest.raises(InputError, match="needs a C compiler"):
        emulator.counter("aarch64")


def test_a_compiler_that_fails_is_one_line(tmp_path, monkeypatch):
    for name, script in {"qemu-aarch64": "", "cc": "echo 'stdint.h: no such file' >&2; exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(RuntimeFailedError, match=r"cc cannot compile .*stdint.h: no such file"):
        emulator.counter("aarch64")


def test_a_version_is_the_emulators_own(x86_counts):
    assert emulator.version("x86_64").startswith("qemu-x86_64 version ")
