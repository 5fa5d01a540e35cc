import os
import platform
import subprocess
import sys
import time

import pytest

from edgecompress.agent.system.processor import CpuTimes, cpu_times, used_by_others

linux = pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc/stat")


def test_the_columns_of_proc_stat(tmp_path):
    tick = os.sysconf("SC_CLK_TCK")
    (tmp_path / "stat").write_text(
        f"cpu  {tick} {2 * tick} {4 * tick} 999 888 {8 * tick} {16 * tick} {32 * tick} 0 0\n"
    )
    times = cpu_times(tmp_path / "stat")
    assert (times.used, times.stolen) == (31.0, 32.0)
    assert cpu_times(tmp_path / "absent") is None
    (tmp_path / "stat").write_text("intr 1 2 3\n")
    assert cpu_times(tmp_path / "stat") is None


def test_own_time_does_not_count_and_rates_are_in_cores():
    before = CpuTimes(used=100, stolen=5, own=10, at=1000)
    after = CpuTimes(used=116, stolen=7, own=18, at=1004)
    assert used_by_others(before, after) == {"cores": 2.0, "stolen": 0.5}
    assert used_by_others(before, CpuTimes(used=100, stolen=5, own=11, at=1004)) == {"cores": 0.0, "stolen": 0.0}


def test_too_short_a_time_and_silent_systems_tell_nothing():
    moment = CpuTimes(used=1, stolen=0, own=0, at=10)
    assert used_by_others(moment, CpuTimes(used=2, stolen=0, own=0, at=10.1)) is None
    assert used_by_others(None, moment) is None
    assert used_by_others(moment, None) is None


@linux
def test_another_process_that_spins_is_seen():
    code = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        time.sleep(0.3)
        before = cpu_times()
        time.sleep(1.2)
        # On a busy machine it gets its share, which is less than a whole core.
        assert used_by_others(before, cpu_times())["cores"] > 0.3
    finally:
        process.kill()
        process.wait()
