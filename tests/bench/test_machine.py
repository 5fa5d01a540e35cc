import json
from pathlib import Path

import pytest

from edgecompress.bench.machine import Conditions
from edgecompress.errors import InputError

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*/record.json")), ids=lambda path: path.parent.name)
def test_what_older_versions_did_not_ask_a_machine_is_not_known_of_it(path):
    given = json.loads(path.read_text())["before"]
    given = {key: value for key, value in given.items() if key not in {"clock", "disk_free", "libc", "pip", "power"}}
    found = Conditions.from_table(given, "record")
    assert (found.cpu, found.cores) == (given["cpu"], given["cores"])
    assert (found.clock, found.disk_free, found.libc, found.pip, found.power) == (None,) * 5


def test_an_answer_that_no_machine_gives_is_refused():
    given = json.loads((RESULTS / "alexnet-digits" / "record.json").read_text())["before"]
    with pytest.raises(InputError, match=r"record: emulation\.emulated: must be"):
        Conditions.from_table({**given, "emulation": {"emulated": "perhaps", "why": ""}}, "record")
