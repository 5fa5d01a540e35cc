import platform

import pytest

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.emulated import emulator
from edgecompress.deploy.transports.emulated import emulated
from edgecompress.errors import InputError, RuntimeFailedError


@pytest.fixture
def connection():
    try:
        emulator.program("x86_64")
    except InputError as error:
        pytest.skip(str(error))
    if platform.machine() != "x86_64":
        pytest.skip("needs an x86-64 machine")
    with emulated("x86-no-avx") as opened:
        yield opened


def test_its_python_runs_on_the_emulated_processor_and_counts(connection, tmp_path):
    # The processor's own word: CPUID leaf 1, ECX: bit 28 is AVX, bit 20 SSE4.2.
    code = (
        "import ctypes, mmap; m = mmap.mmap(-1, 4096, prot=7); "
        "m.write(bytes.fromhex('53b80100000031c90fa289c85bc3')); "
        "ecx = ctypes.CFUNCTYPE(ctypes.c_uint32)(ctypes.addressof(ctypes.c_char.from_buffer(m)))(); "
        "print(ecx >> 28 & 1, ecx >> 20 & 1); open('made', 'w').write('here'); raise SystemExit(5)"
    )
    finished = connection.run([connection.python, "-c", code], Deadline.after(60), print)
    assert (finished.output, finished.code) == ("0 1\n", 5)
    connection.pull("made", tmp_path / "made", Deadline.after(5))
    assert (tmp_path / "made").read_text() == "here"
    assert connection.root is None


def test_a_deadline_ends_it(connection):
    with pytest.raises(RuntimeFailedError, match="did not finish within 1 s"):
        connection.run([connection.python, "-c", "while True: pass"], Deadline.after(1), print)


def test_a_processor_that_is_none_is_refused_before_anything_is_fetched(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="choose from: cortex-a53, cortex-a57, cortex-a72"), emulated("m68k"):
        pass
