"""No code of a bundle is run that was not shown, and none where nobody agreed."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from edgecompress import bundle
from edgecompress.cli.consent import allowed
from edgecompress.errors import InputError
from edgecompress.manifest import Evaluation, Judged, Manifest, PlainFile

MANIFEST = Path(__file__).parents[2] / "results" / "alexnet-digits" / "manifest.json"
SOURCE = "import numpy as np\n\n\ndef error(outputs, targets):\n\treturn 0  # \u202eno code\r\n"
ASK = "import sys; from pathlib import Path; from edgecompress.cli.consent import allowed; "
ASK += "print(allowed(Path(sys.argv[1]), None, 'kitchen'))"


@pytest.fixture
def folder(tmp_path):
    """A bundle of a metric and nothing else."""
    (tmp_path / "metric.py").write_text(SOURCE, newline="")
    sha256 = bundle.digest(tmp_path / "metric.py")
    evaluation = Evaluation(spec="mine.py:error", source_sha256=sha256, targets="y", layout=0, source="metric.py")
    judged = Judged(metric="error", samples=3, dense=1, compressed=1, evaluation=evaluation)
    files = {"metric.py": PlainFile(bytes=len(SOURCE), sha256=sha256, what="the metric")}
    manifest = Manifest.from_file(MANIFEST)
    bundle.write_manifest(tmp_path, manifest.model_copy(update={"judged": judged, "files": files, "models": {}}))
    return tmp_path


def shown(folder):
    return [
        f"{folder}/metric.py (6 lines, SHA-256 {bundle.digest(folder / 'metric.py')}), which kitchen would run:",
        "    1  import numpy as np",
        "    2  ",
        "    3  ",
        "    4  def error(outputs, targets):",
        r"    5  	return 0  # \u202eno code\r",
        "    6  ",
    ]


def test_what_was_agreed_to_on_the_command_line_is_shown_whole_and_plain(folder, capsys):
    assert allowed(folder, True, "kitchen") == bundle.digest(folder / "metric.py")
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == ("", shown(folder))


def test_without_a_terminal_nobody_agrees_and_a_line_says_how(folder, capsys):
    assert allowed(folder, None, "kitchen") is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("this machine judges by error, of what kitchen sends back: --run-metric has kitchen run ")
    assert allowed(folder, False, "kitchen") is None
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("answer", ["y\n", "n\n", "\n", "\x04"])
def test_on_a_terminal_the_user_is_asked_and_no_is_the_default(folder, answer):
    leader, follower = pty.openpty()
    command = [sys.executable, "-P", "-c", ASK, str(folder)]
    with subprocess.Popen(command, stdin=follower, stderr=follower, stdout=subprocess.PIPE, text=True) as process:
        os.write(leader, answer.encode())
        output = process.stdout.read()
    os.close(follower)
    said = os.read(leader, 65536).decode().replace("\r\n", "\n")
    os.close(leader)
    assert "\n".join(shown(folder)) in said.expandtabs(1).replace(r"5   return", "5  \treturn") and "[y/N]" in said
    sha256 = bundle.digest(folder / "metric.py")
    assert output.split() == {"y\n": [sha256], "\x04": []}.get(answer, ["None"])
    assert process.returncode == (1 if answer == "\x04" else 0)


def test_a_bundle_without_such_a_source_asks_nothing(folder, capsys):
    manifest = Manifest.from_file(folder / "manifest.json").model_copy(update={"judged": None})
    bundle.write_manifest(folder, manifest)
    assert allowed(folder, None, "kitchen") is None
    assert capsys.readouterr() == ("", "")
    with pytest.raises(InputError, match="has no metric that a device could run"):
        allowed(folder, True, "kitchen")
