import csv as standard_csv
from pathlib import Path

import pytest

from edgecompress.bench.doctor import Finding
from edgecompress.report.doctor import doctor
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.terminal import terminal


@pytest.mark.parametrize(
    ("state", "word"), [("good", "ok"), ("doubtful", "warning"), ("bad", "FAULT"), ("unknown", "unknown")]
)
def test_a_state_is_a_word_for_people_and_the_findings_own_for_programs(state, word):
    finding = Finding(subject="disk", state=state, found="3 MiB free", mend="remove files")
    document = doctor("kitchen", [finding])
    assert terminal(document, Path()).splitlines()[1].split(maxsplit=2) == [word, "disk", "3 MiB free  remove files"]
    (line,) = standard_csv.DictReader(csv(document, Path()).splitlines())
    assert line == {"state": state, "subject": "disk", "found": "3 MiB free", "mend": "remove files"}
