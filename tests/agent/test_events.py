import io
import json
import subprocess
import sys

import pytest

from edgecompress.agent.events import Events


def test_an_event_is_one_line_that_begins_with_its_name():
    stream = io.StringIO()
    Events(stream).emit("memory", file="a\nb", value=None)
    assert stream.getvalue() == '{"event": "memory", "file": "a\\nb", "value": null}\n'


def test_numbers_that_json_does_not_have_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        Events(io.StringIO()).emit("accuracy", largest_difference=float("nan"))


def test_progress_is_thinned_and_results_are_not():
    stream = io.StringIO()
    events = Events(stream)
    for i in range(1000):
        events.progress(done=i)
    events.emit("done")
    events.emit("done")
    names = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert names.count("progress") <= 2  # a thousand calls take less than a second
    assert names.count("done") == 2


def test_what_native_code_prints_does_not_get_between_the_events():
    code = (
        "import os\n"
        "from edgecompress.agent.events import Events\n"
        "events = Events.on_stdout()\n"
        "os.write(1, b'INFO: from C++\\n')\n"
        "print('from Python')\n"
        "events.emit('done')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == '{"event": "done"}\n'
    assert "from C++" in done.stderr
    assert "from Python" in done.stderr
