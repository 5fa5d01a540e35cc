import pytest

from edgecompress.bench.machine import Clock, Emulation, Frequency, Throttling
from edgecompress.bench.protocol import protocol
from edgecompress.bench.records import Others, Window
from edgecompress.bench.validity import validity


@pytest.fixture
def calm(measured):
    """A machine that nothing speaks against, and files that were timed on it."""
    record = measured[0]
    clocks = Frequency(governors=["performance"], current_khz=[1], minimum_khz=[1], maximum_khz=[1])
    conditions = record.before.model_copy(
        update={
            "frequency": clocks,
            "cores": 4,
            "affinity": [0, 1, 2, 3],
            "emulation": Emulation(emulated=False, why="no sign of a virtual machine"),
            "memory": record.before.memory.model_copy(update={"swap_used": 0}),
        }
    )
    latency = record.files["model.onnx"].latency.model_copy(update={"others": Others(cores=0.1, stolen=0.0)})
    files = {
        name: record.files[name].model_copy(update={"latency": latency.model_copy(update={"together_with": [other]})})
        for name, other in (("dense.onnx", "model.onnx"), ("model.onnx", "dense.onnx"))
    }
    return conditions, files


def judge(before, files, after=None, threads=1):
    return validity(before, after or before, protocol("quick"), threads, files)


def changed(files, **update):
    latencies = {name: file.latency.model_copy(update=update) for name, file in files.items()}
    return {name: file.model_copy(update={"latency": latencies[name]}) for name, file in files.items()}


def test_a_calm_machine_raises_no_concern(calm):
    before, files = calm
    found = judge(before, files)
    assert (found.concerns, found.unknown) == ([], [])


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"others": Others(cores=0.6, stolen=0.0)}, "other processes used 0.60 of 4 cores"),
        ({"others": Others(cores=0.0, stolen=0.2)}, "the hypervisor took 0.20 of 4 cores"),
        ({"runs": 40, "seconds": 60.0}, "40 runs in 60 s, 100 were wanted"),
        ({"settled": False}, "had not settled"),
    ],
)
def test_what_disturbed_the_times_is_said_once_for_the_files_of_the_same_rounds(calm, update, words):
    before, files = calm
    (concern,) = judge(before, changed(files, **update)).concerns
    assert words in concern
    assert concern.startswith("dense.onnx, model.onnx: ")


def test_the_machines_state_is_judged(calm):
    before, files = calm
    governor = before.frequency.model_copy(update={"governors": ["performance", "ondemand"]})
    assert "ondemand" in judge(before.model_copy(update={"frequency": governor}), files).concerns[0]
    after = before.model_copy(update={"memory": before.memory.model_copy(update={"swap_used": 5 * 2**20})})
    assert "grew by 5 MiB" in judge(before, files, after).concerns[0]
    assert "8 threads on 4 usable cores" in judge(before, files, threads=8).concerns[0]
    emulated = before.model_copy(update={"emulation": Emulation(emulated=True, why="TCG")})
    assert "says nothing about any board" in judge(emulated, files).concerns[0]


def test_what_cannot_be_seen_is_unknown_and_not_fine(calm):
    before, files = calm
    blind = before.model_copy(
        update={
            "frequency": None,
            "emulation": Emulation(emulated=None, why="it has virtio devices"),
            "memory": before.memory.model_copy(update={"swap_used": None}),
        }
    )
    found = judge(blind, changed(files, others=None))
    assert found.concerns == []
    assert [words.split(":")[0] for words in found.unknown] == [
        "clock and governor of the processor",
        "whether the machine is emulated",
        "swap",
        "what other processes used of the processor",
    ]


def test_what_makes_the_times_another_machines_is_told_apart(calm):
    before, files = calm
    assert judge(before, files).disturbed == []
    (line,) = judge(before, changed(files, others=Others(cores=0.6, stolen=0.0))).disturbed
    assert "other processes" in line
    assert judge(before, changed(files, settled=False)).disturbed == []
    cool = before.model_copy(update={"throttling": Throttling(now=[], since_boot=["throttled"])})
    assert judge(cool, files, cool).disturbed == []  # it was slow once, and not in this run
    hot = cool.model_copy(update={"throttling": Throttling(now=["throttled"], since_boot=["throttled"])})
    weak = cool.model_copy(update={"throttling": Throttling(now=[], since_boot=["throttled", "under-voltage"])})
    assert "throttled" in judge(cool, files, hot).disturbed[0]
    assert "throttled" in judge(hot, files, cool).disturbed[0]
    assert judge(cool, files, weak).disturbed == ["the board slowed itself down: under-voltage"]


def test_a_board_that_was_slower_in_the_last_minute_than_in_the_first_is_told(calm):
    before, files = calm
    first = Window(start=0, seconds=60, runs=9, p50_ns=1e6, p90_ns=1e6, p99_ns=1e6, hottest=50.0, clock_khz=1)
    last = first.model_copy(update={"start": 540.0, "p50_ns": 1.3e6})
    (concern,) = judge(before, changed(files, windows=[first, last])).concerns
    assert "after 10 minutes the median was 1.30 times that of the first" in concern
    assert judge(before, changed(files, windows=[first, first])).concerns == []


def at(before, wall, monotonic, boottime):
    return before.model_copy(update={"clock": Clock(wall=wall, monotonic=monotonic, boottime=boottime)})


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ((1000.0 + 60, 5.0 + 60, 9.0 + 60), None),
        ((1000.0 + 60.5, 5.0 + 60, 9.0 + 60), None),  # corrected little by little
        ((1000.0 + 3660, 5.0 + 60, 9.0 + 60), "set forward by 3600 s"),
        ((1000.0 - 240, 5.0 + 60, None), "set back by 300 s"),
    ],
)
def test_a_clock_that_was_set_is_told_and_spoils_no_time(calm, end, words):
    before, files = calm
    found = judge(at(before, 1000.0, 5.0, 9.0), files, at(before, *end))
    assert found.disturbed == []
    assert [words in line for line in found.concerns] == ([True] if words else [])


def test_a_machine_that_slept_is_disturbed_and_its_clock_was_not_set(calm):
    before, files = calm
    found = judge(at(before, 1000.0, 5.0, 9.0), files, at(before, 1000.0 + 660, 5.0 + 60, 9.0 + 660))
    assert found.disturbed == found.concerns == ["the device slept for 600 s during the run"]
    assert judge(at(before, 1000.0, 5.0, 9.0), files).concerns == []  # an older record has no clock
