from pathlib import Path

from edgecompress.report.kept import kept
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.terminal import terminal
from edgecompress.store.store import Entry


def test_an_id_is_short_for_people_and_whole_for_programs():
    entry = Entry("ab" * 32, "bench", 2, "2026-01-01T00:00:00+00:00", "alexnet", "Digits", "", "rpi4", "measured", ())
    header, row = terminal(kept([entry]), Path()).splitlines()
    assert header.split() == ["id", "kind", "created", "model", "data", "device", "target", "taken"]
    assert row.split() == ["abababababab", "bench", entry.created, "alexnet", "Digits", "-", "rpi4", "measured"]
    assert csv(kept([entry]), Path()).splitlines()[1].startswith("ab" * 32 + ",bench,")
