import platform

import pytest

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.emulated import emulator
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.deploy.transports.emulated import emulated


def test_a_processor_that_does_not_count_is_told_so(agent, file, tmp_path):
    code, events, _ = agent("instructions", {**file, "counts": str(tmp_path / "counts")})
    assert code == 2
    assert "nothing counts instructions here" in events[-1]["message"]


@pytest.mark.skipif(
    platform.machine() != "x86_64" or emulator.cannot_count("x86_64") is not None,
    reason=f"needs an x86-64 machine and {emulator.CURE}",
)
def test_runs_are_counted_each_by_itself(files, data):
    with emulated("x86-no-avx") as connection:
        agent = AgentOnDevice(connection)
        model, layout = files["tflite"]
        for path in (model, data):
            agent.push(path)
        job = {
            "file": model.name,
            "layout": layout,
            "inputs": data.name,
            "counts": emulator.COUNTS,
            "runs": 3,
            "warmup": 1,
        }
        (event,) = agent.step("instructions", job, seconds=120, on_progress=lambda _: None)
        marks = connection.run(["wc", "-l", emulator.COUNTS], Deadline.after(5), lambda _: None).output.split()[0]
    assert len(event["executed"]) == 3
    # The file multiplies 24 by 5: what is counted is the call's, some ten thousands, and not the process's millions.
    assert all(1_000 < each < 2_000_000 for each in event["executed"])
    assert int(marks) == 1 + 2 * (5 + 3)
    assert event["threads"] == 1
