import json
import subprocess
import sys

import pytest

from edgecompress.answers import LONGEST_LINE, WrongAnswerError, answer, message, parse, progress

JOB = {"file": "m.onnx", "threads": 1, "layout": "channels_first"}


def changed(event, place, value):
    """A copy of an event with something else at a place; ``...`` takes away what is there."""
    event = json.loads(json.dumps(event))
    *way, last = place
    inner = event
    for name in way:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return event


@pytest.fixture(scope="module")
def events(small_bundle):
    """What the agent itself says of this machine and of a file."""

    def run(step, job):
        command = [sys.executable, "-m", "edgecompress.agent", step, json.dumps(job)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=small_bundle)
        return [event for line in done.stdout.splitlines() if (event := parse(line))["event"] != "progress"]

    times = {"files": [{"file": "dense.onnx"}], "threads": 1, "warmup": 1, "min_runs": 2, "max_seconds": 60}
    one = {"file": "dense.onnx", "threads": 1}
    jobs = {"conditions": {}, "memory": one, "latency": times, "profile": {**one, "runs": 3}}
    return {step: (job, run(step, job)) for step, job in jobs.items()}


def test_what_the_agent_says_is_in_order_and_goes_on_as_it_is(events):
    for step, (job, said) in events.items():
        (found,) = answer(step, job, said)
        kept = {name: value for name, value in said[0].items() if name in found}
        assert {name: found[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("step", "place", "value"),
    [
        ("latency", ["samples_ns", 0], -1),
        ("latency", ["samples_ns", 0], 0),
        ("latency", ["samples_ns", 0], float("nan")),
        ("latency", ["samples_ns", 0], 1.5),
        ("latency", ["samples_ns", 0], True),
        ("latency", ["samples_ns", 0], 10**18),
        ("latency", ["samples_ns", 0], "5"),
        ("latency", ["samples_ns"], []),
        ("latency", ["samples_ns"], {}),
        ("latency", ["samples_ns"], ...),
        ("latency", ["samples_ns"], [1] * 40_000),
        ("latency", ["seconds"], float("inf")),
        ("latency", ["seconds"], 0),
        ("latency", ["seconds"], "1"),
        ("latency", ["stride"], 0),
        ("latency", ["runs"], 1),
        ("latency", ["runs"], 10**30),
        ("latency", ["file"], "other.onnx"),
        ("latency", ["file"], ...),
        ("latency", ["event"], "memory"),
        ("latency", ["inputs"], "lies"),
        ("latency", ["version"], None),
        ("latency", ["version"], "x" * 10_000),
        ("latency", ["placement"], {"CPU": -1}),
        ("memory", ["peak"], -5),
        ("memory", ["load_ns"], 0),
        ("memory", ["after_load", "rss"], 1e400),
        ("memory", ["over_import"], None),
        ("memory", ["peak_since_import"], 1),
        ("profile", ["nodes"], [{}]),
        ("conditions", ["machine"], ...),
        ("conditions", ["cores"], 0),
        ("conditions", ["cores"], -4),
        ("conditions", ["memory", "total"], float("nan")),
        ("conditions", ["load"], [1.0]),
        ("conditions", ["emulation"], {"emulated": "no"}),
        ("conditions", ["python"], "three"),
        ("conditions", ["versions"], []),
    ],
)
def test_what_cannot_be_is_one_line(events, step, place, value):
    job, (said,) = events[step]
    with pytest.raises(WrongAnswerError) as error:
        answer(step, job, [changed(said, place, value)])
    assert error.value.exit_code == 4
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 500


def test_there_is_one_event_a_file(events):
    job, (said,) = events["latency"]
    two = {**job, "files": [{"file": "a.onnx"}, {"file": "b.onnx"}]}
    each = [changed(said, ["file"], name) for name in ("a.onnx", "b.onnx")]
    assert len(answer("latency", two, each)) == 2
    for wrong in (each[:1], [each[0]] * 2, [*each, each[0]], []):
        with pytest.raises(WrongAnswerError):
            answer("latency", two, wrong)
    with pytest.raises(WrongAnswerError):
        answer("conditions", {}, events["conditions"][1] * 2)


def test_text_is_what_can_be_printed(events):
    job, (said,) = events["conditions"]
    hostile = changed(changed(said, ["cpu"], "a\x1b[31mb\n\u202ec\ud800"), ["temperatures"], {"z\x07": 40.0})
    (found,) = answer("conditions", job, [hostile])
    assert found["cpu"] == r"a\x1b[31mb \u202ec\ud800"
    assert found["temperatures"] == {r"z\x07": 40.0}
    assert message({"event": "error", "message": "no\x1b]0;x\x07\nroom"}) == r"no\x1b]0;x\x07 room"
    assert len(message({"event": "error", "message": "x" * 10**6})) <= 2000


@pytest.mark.parametrize("line", ["[]", "{}", '{"event": 7}', '{"event": null}'])
def test_an_event_has_a_name(line):
    if line == "[]":
        assert parse(line) is None  # something else prints there
    else:
        with pytest.raises(WrongAnswerError):
            parse(line)


def test_a_line_that_was_cut_is_none_and_one_that_is_too_long_is_refused():
    assert parse('{"event": "lat') is None
    assert parse('{"a":' * 100_000) is None
    with pytest.raises(WrongAnswerError, match="16 MiB"):
        parse("{" + " " * LONGEST_LINE)


@pytest.mark.parametrize("wrong", [{"done": "many"}, {"runs": -1}, {"seconds": float("nan")}, {"phase": 3}])
def test_progress_is_numbers(wrong):
    assert progress({"event": "progress", "runs": 3})["runs"] == 3
    with pytest.raises(WrongAnswerError):
        progress({"event": "progress", **wrong})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, True, ...])
def test_a_metric_is_a_finite_number(value):
    said = {"event": "metric", "file": "m.onnx", "value": -1e30, "samples": 3, "runtime": "onnxruntime", "version": "1"}
    assert answer("metric", JOB, [said])[0]["value"] == -1e30
    with pytest.raises(WrongAnswerError, match="'value' of its metric"):
        answer("metric", JOB, [changed(said, ["value"], value)])
