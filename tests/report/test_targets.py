import csv as standard_csv
from pathlib import Path

from edgecompress import target
from edgecompress.report.targets import targets
from edgecompress.report.writers.csv import csv


def test_a_row_a_board():
    profiles = [target.load(name) for name in ("rpi4", "android-arm64")]
    rpi4, android = standard_csv.DictReader(csv(targets(profiles), Path()).splitlines())
    assert rpi4 == {
        "target": "rpi4",
        "board": "Raspberry Pi 4 Model B",
        "cores": "4",
        "memory_mib": "2048",
        "runtimes": "onnxruntime, litert",
        "transport": "ssh",
    }
    assert android["transport"] == "adb"


def test_the_memory_of_a_microcontroller_is_its_ram():
    (row,) = standard_csv.DictReader(csv(targets([target.load("cortex-m")]), Path()).splitlines())
    assert (row["memory_mib"], row["runtimes"], row["transport"]) == ("0.5", "tflite-micro", "serial")
