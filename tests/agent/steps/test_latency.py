import importlib
from array import array

import numpy as np
import pytest

from edgecompress.agent.events import Events

from ..conftest import write_onnx

# The package offers the function under the module's name.
step = importlib.import_module("edgecompress.agent.steps.latency")


class Silent(Events):
    def __init__(self):
        pass

    def progress(self, **fields):
        pass


class Noted:
    """Stands where a loaded file does, and notes when it is run."""

    windows = None

    def __init__(self, name, log):
        self.name, self.log, self.feed, self.samples = name, log, list(range(step.ROWS)), array("q")
        self.engine = self

    def run(self, x):
        self.log.append((self.name, x))


@pytest.fixture
def pair():
    log = []
    return [Noted("a", log), Noted("b", log)], log


def job(file, **changes):
    first = {"file": file["file"], "layout": file["layout"]}
    base = {"files": [first], "warmup": 5, "min_runs": 30, "max_seconds": 20, "threads": 1}
    return {**base, **changes}


def test_a_file_is_timed_on_real_rows(agent, file, data):
    code, events, _ = agent("latency", job(file, files=[job(file)["files"][0]] * 2, inputs=str(data)))
    assert code == 0
    found = [event for event in events if event["event"] == "latency"]
    assert len(found) == 2
    for event in found:
        assert len(event["samples_ns"]) == event["runs"] == 30
        assert all(0 < sample < 1e9 for sample in event["samples_ns"])
        assert (event["warmup_runs"], event["settled"], event["stride"], event["inputs"]) == (5, None, 1, "rows")
        assert event["load_ns"] > 0
        assert event["first_ns"] > 0


def test_without_rows_it_takes_noise_and_can_wait_until_times_settle(agent, file):
    code, events, _ = agent("latency", job(file, warmup="settle", warmup_max_seconds=5))
    assert code == 0
    assert events[-1]["inputs"] == "noise"
    assert events[-1]["settled"] in (True, False)
    assert not events[-1]["settled"] or events[-1]["warmup_runs"] % step.WINDOW == 0


def test_a_file_of_a_fixed_batch_is_timed_at_its_own_where_that_is_asked_for(agent, tmp_path, weights):
    file = {"file": str(write_onnx(tmp_path / "four.onnx", weights, batch=4))}
    code, events, _ = agent("latency", job(file | {"layout": "channels_first"}))
    assert (code, 'takes batches of 4 and no other; set "batch": 4' in events[-1]["message"]) == (2, True)
    for batch in (4, "own"):
        code, events, _ = agent("latency", job(file | {"layout": "channels_first"}, batch=batch))
        assert (code, events[-1]["runs"]) == (0, 30)


def test_wrong_times_and_files_are_refused(agent, file, data):
    assert "'min_seconds'" in agent("latency", job(file, min_seconds=30))[1][-1]["message"]
    wrong = {**job(file)["files"][0], "layout": "channels_first" if "tflite" in file["file"] else "channels_last"}
    code, events, _ = agent("latency", job(file, files=[wrong], inputs=str(data)))
    assert (code, "does not fit" in events[-1]["message"]) == (2, True)


def test_rounds_alternate_in_order_and_files_of_a_round_get_the_same_row(pair):
    files, log = pair
    step._measure(files, 4, 0, 10, Silent())
    assert log == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2), ("b", 3), ("a", 3)]


def test_every_row_meets_both_orders(pair):
    files, log = pair
    step._measure(files, 2 * step.ROWS, 0, 10, Silent())
    first_of_round = log[::2]
    assert {row for name, row in first_of_round if name == "a"} == set(range(step.ROWS))


def test_runs_and_seconds_are_both_reached_unless_time_is_up(pair):
    files, _ = pair
    rounds, _, seconds = step._measure(files, 7, 0.05, 10, Silent())
    assert seconds >= 0.05
    assert rounds >= 8
    assert rounds % 2 == 0
    rounds, _, seconds = step._measure(files, 10**9, 0, 0.05, Silent())
    assert 2 <= rounds < 10**9
    rounds, _, _ = step._measure(files, 10**9, 0, 0, Silent())
    assert rounds == 2


def test_of_very_many_rounds_an_even_sample_of_pairs_is_kept(monkeypatch):
    files = [Noted("a", []), Noted("b", [])]
    monkeypatch.setattr(step, "MOST_KEPT", 16)

    def round_(files, number):
        for file in files:
            file.samples.append(number)  # a time of n says that it is of round n

    monkeypatch.setattr(step, "_round", round_)
    rounds, stride, _ = step._measure(files, 200, 0, 60, Silent())
    assert (rounds, stride) == (200, 16)
    pairs = range(0, 100, stride)
    assert files[0].samples.tolist() == files[1].samples.tolist() == [n for p in pairs for n in (2 * p, 2 * p + 1)]


def test_a_warm_up_ends_when_two_windows_agree_and_leaves_no_times(monkeypatch):
    # 40 rounds that fall, then steady ones.
    times = iter([1000 - 20 * i for i in range(40)] + [200] * 10_000)
    monkeypatch.setattr(step, "_round", lambda files, number: files[0].samples.append(next(times)))
    file = Noted("a", [])
    assert step._warm_up([file], None, 30, Silent()) == (5 * step.WINDOW, True)
    assert not file.samples
    times = iter(2**i for i in range(10**9))
    monkeypatch.setattr(step, "_round", lambda files, number: files[0].samples.append(next(times) % 999))
    assert step._warm_up([file], None, 0.05, Silent())[1] is False
    assert step._warm_up([file], 7, 30, Silent()) == (7, None)


def test_a_long_measurement_is_summed_up_window_by_window(agent, file):
    job = {"files": [file], "warmup": 1, "min_runs": 10, "min_seconds": 1, "max_seconds": 20, "threads": 1}
    (event,) = [each for each in agent("latency", {**job, "window_seconds": 0.3})[1] if each["event"] == "latency"]
    windows = event["windows"]
    assert len(windows) >= 2
    assert sum(window["runs"] for window in windows) <= event["runs"]
    for before, window in zip([None, *windows], windows, strict=False):
        assert window["seconds"] >= 0.3
        assert window["p50_ns"] <= window["p90_ns"] <= window["p99_ns"]
        assert before is None or window["start"] >= before["start"] + before["seconds"]
    (event,) = [each for each in agent("latency", job)[1] if each["event"] == "latency"]
    assert event["windows"] == []


def test_a_window_has_the_percentiles_of_its_times_and_the_state_of_the_board(tmp_path):
    from edgecompress.agent.steps._windows import Windows

    files = {
        "sys/class/thermal/thermal_zone0/temp": "48000",
        "sys/class/thermal/thermal_zone1/temp": "71500",
        "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "1500000",
        "sys/devices/system/cpu/cpufreq/policy4/scaling_cur_freq": "2400000",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    samples = np.random.default_rng(1).integers(0, 10**6, 501)
    windows = Windows(0)
    windows.add(array("q", samples.tolist()), tmp_path)
    (window,) = windows.done
    assert [window[key] for key in ("p50_ns", "p90_ns", "p99_ns")] == pytest.approx(
        np.percentile(samples, [50, 90, 99])
    )
    assert (window["runs"], window["hottest"], window["clock_khz"]) == (501, 71.5, 2400000)
