import subprocess

import pytest

from edgecompress.agent.python import python


@pytest.mark.parametrize("since", [(3, 11), (99, 0)])
def test_a_module_runs_and_the_folder_is_not_looked_in(tmp_path, since):
    for name in ("runpy", "random", "json", "encodings"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file of the user')")
    command = python("json.tool", "--compact", "-", since=since)
    done = subprocess.run(command, cwd=tmp_path, input='{"a": 1}', capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, '{"a":1}'), done.stderr
