from pathlib import Path

from edgecompress import target
from edgecompress.devices import Device
from edgecompress.report.fields import fields
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.terminal import terminal


def test_a_device_is_a_row_a_field_and_what_is_not_set_is_a_dash():
    kitchen = Device.from_table({"name": "kitchen", "address": "ssh://pi@kitchen", "target": "rpi4"}, "kitchen")
    lines = [line.split() for line in terminal(fields("kitchen", kitchen), Path()).splitlines()]
    assert ["address", "ssh://pi@kitchen"] in lines
    assert ["key", "-"] in lines


def test_a_record_within_and_lists_are_for_people_and_for_programs():
    document = fields("rpi4", target.load("rpi4"))
    lines = [line.split(maxsplit=1) for line in terminal(document, Path()).splitlines()]
    assert ["budget.memory_mib", "1024"] in lines
    assert ["budget.enforce", "no"] in lines
    assert ["runtimes", "onnxruntime, litert"] in lines
    assert {"budget.enforce,False", "budget.memory_mib,1024", "models,"} <= set(csv(document, Path()).splitlines())
