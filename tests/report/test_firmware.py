from types import SimpleNamespace

from edgecompress.bench.protocol import protocol
from edgecompress.bench.records import AccuracyResult, FirmwareResult
from edgecompress.report.firmware import conditions


def record(**changes):
    given = {
        "arena_bytes": 5000,
        "arena_size": 6000,
        "hertz": 64_000_000,
        "compared": 256,
        "largest_steps": 1.0,
        "differing": 0.005,
        "beyond_a_step": 0.0,
        "repeated_lines": 0,
    }
    accuracy = AccuracyResult(correct=9, samples=10, percent=90.0, largest_difference=0.1, reference="none: not here")
    file = SimpleNamespace(
        runtime="tflite-micro", firmware=FirmwareResult(**{**given, **changes}), accuracy=accuracy, latency=None
    )
    return SimpleNamespace(
        before=SimpleNamespace(board="nrf52840dk", machine="cortex-m", system="Zephyr"),
        device=SimpleNamespace(address="serial:/dev/ttyACM0"),
        files={"m.tflite": file},
        protocol=protocol("quick"),
        bundle=SimpleNamespace(data="digits"),
    )


def test_each_figure_is_in_a_sentence():
    text = "\n".join(conditions(record()))
    assert "serial:/dev/ttyACM0, nrf52840dk, cortex-m, firmware made with Zephyr." in text
    assert "counter of 64,000,000 a second" in text
    assert "gives 6,000 bytes, and the network uses 5,000" in text
    assert "256 samples: 0.5 % differ, by at most 1.00 steps of int8." in text


def test_what_is_not_there_is_said():
    assert "Latency: none; cycles of an emulator are no time." in conditions(record(hertz=None))
    assert any("all equal" in each for each in conditions(record(differing=0.0, largest_steps=0.0)))
    assert "Outputs: not compared (not here)." in conditions(record(differing=None, largest_steps=None, compared=0))
