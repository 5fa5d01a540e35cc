from pathlib import Path

from edgecompress.advise.advice import Advice, Line
from edgecompress.advise.records import NetworkIdentity
from edgecompress.bench.statistics import Ratio
from edgecompress.report.advice import advice
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.terminal import terminal


def line(change, ratio, verdict, smaller):
    latency = ratio and Ratio(ratio=ratio, low=ratio - 0.01, high=ratio + 0.01, verdict=verdict)
    return Line(
        change=change,
        what=f"what {change} is",
        runtime="litert",
        file=f"{change}.tflite",
        bytes=1000,
        smaller=smaller,
        latency=latency,
        load=None,
        peak=1.5,
        how=f"key of {change}",
    )


def found(**changed):
    values = {
        "network": NetworkIdentity(name="alexnet", width=0.5, input_shape=[1, 32, 32], classes=10, sha256=None),
        "target": "rpi4",
        "record": "f" * 64,
        "created": "2026-01-01",
        "place": "Some Processor",
        "on_target": True,
        "taken": "measured",
        "threads": 4,
        "mode": "standard",
        "lines": [
            line("pruned", 1.0, "no difference seen", 30.0),
            line("half", 0.26, "faster", 4.0),
            line("int8", 1.4, "slower", 3.9),
            line("float16", None, "", 2.0),
        ],
        "runtimes": {"litert": 2_500_000.0},
        "left_out": {"int8.onnx": "no quantiser"},
        "warnings": ["mind this"],
    }
    return Advice(**{**values, **changed})


def text(**changed):
    return " ".join(terminal(advice(found(**changed)), Path()).split())


def test_each_change_stands_under_what_it_does():
    said = text()
    places = [
        said.index(part)
        for part in (
            "Makes it faster:",
            "half of the channels litert 1,000 4.00x 0.26x (0.25 to 0.27) 1.50x",
            "Leaves the latency as it is:",
            "pruned and clustered litert 1,000 30.0x 1.00x (0.99 to 1.01) 1.50x",
            "Makes it slower:",
            "int8 litert 1,000 3.90x",
            "Size alone is known:",
            "float16 weights litert 1,000 2.00x 1.50x",
            "pruned and clustered what pruned is key of pruned",
            "not measured: int8.onnx: no quantiser",
            "! mind this",
            "record: ffffffffffff",
        )
    ]
    assert places == sorted(places)
    assert "as it is, in litert: 2.50 ms" in said
    assert "measured on rpi4" in said
    assert "NOT" not in said


def test_another_machine_is_named_in_the_first_line():
    assert "measured on Some Processor, NOT on rpi4" in text(on_target=False)


def test_a_file_has_no_width():
    network = NetworkIdentity(name="m.onnx", width=None, input_shape=[3, 8], classes=None, sha256="0" * 64)
    assert text(network=network).startswith("m.onnx (3x8): measured on")


def test_counted_instructions_stand_beside_latencies_marked_as_estimated_and_order_what_has_none():
    lines = [line(change, None, "", 2.0) for change in ("float16-arithmetic", "pairs", "float16")]
    counted = [
        lines[0].model_copy(update={"instructions": 0.58}),
        lines[1].model_copy(update={"instructions": 0.45}),
        lines[2],
        line("int8", 0.5, "faster", 3.9).model_copy(update={"instructions": 0.41}),
    ]
    said = text(lines=counted, processor="cortex-a76", counted="a" * 64, executed={"litert": 22_643_596})
    places = [
        said.index(part)
        for part in (
            "as it is, in litert: 22,643,596 instructions (counted on an emulated cortex-a76)",
            "instructions, estimated",
            "0.50x (0.49 to 0.51) 0.41x",
            "Executes, estimated from counted instructions on an emulated cortex-a76 (no latency):",
            "zeros in pairs of channels litert 1,000 2.00x 0.45x",
            "float16 arithmetic litert 1,000 2.00x 0.58x",
            "Size alone is known: change runtime file bytes smaller peak memory float16 weights",
            "record: ffffffffffff, aaaaaaaaaaaa",
        )
    ]
    assert places == sorted(places)


def test_csv_is_a_line_a_change_and_runtime_whatever_the_effect():
    header, *lines = (line.split(",") for line in csv(advice(found()), Path()).splitlines())
    assert {line[header.index("change")]: line[header.index("effect")] for line in lines} == {
        "half of the channels": "faster",
        "pruned and clustered": "no difference seen",
        "int8": "slower",
        "float16 weights": "",
    }
    assert len({len(line) for line in lines}) == 1
