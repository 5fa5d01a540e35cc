import re

import pytest

from edgecompress.deploy.emulated.processors import PROCESSORS, find
from edgecompress.errors import InputError

HOST = """processor\t: 0
model name\t: AMD EPYC 7B13
flags\t\t: fpu sse4_2 avx f16c fma avx2 bmi1 avx512f avx512_vnni aes

processor\t: 1
model name\t: AMD EPYC 7B13
flags\t\t: fpu sse4_2 avx f16c fma avx2 bmi1 avx512f avx512_vnni aes
"""


@pytest.mark.parametrize("name", [each for each, found in PROCESSORS.items() if found.machine == "aarch64"])
def test_an_arm_program_reads_of_an_arm_processor(name, tmp_path):
    find(name).write_system(tmp_path, 3, HOST)
    cpuinfo = (tmp_path / "proc/cpuinfo").read_text()
    assert re.findall(r"^processor\t: (\d)$", cpuinfo, re.MULTILINE) == ["0", "1", "2"]
    assert "AMD" not in cpuinfo
    # The agent knows an emulated machine by that name, whatever the rest says.
    assert "TCG" in cpuinfo
    features = re.search(r"^Features\t: (.*)$", cpuinfo, re.MULTILINE)[1].split()
    assert ("asimddp" in features) == (name in ("cortex-a76", "neoverse-n1"))
    assert (tmp_path / "sys/devices/system/cpu/possible").read_text() == "0-2\n"


def test_an_x86_program_reads_of_a_processor_without_avx(tmp_path):
    find("x86-no-avx").write_system(tmp_path, 1, HOST)
    cpuinfo = (tmp_path / "proc/cpuinfo").read_text()
    assert not re.search(r"avx|fma|f16c", cpuinfo)
    assert cpuinfo.count("sse4_2 aes") == 2
    assert "AMD" not in cpuinfo
    assert (tmp_path / "sys/devices/system/cpu/possible").read_text() == "0\n"


def test_a_misspelt_processor_is_one_line():
    with pytest.raises(InputError, match=r"unknown emulated processor 'cortex-72'; did you mean 'cortex-a72'\?"):
        find("cortex-72")
