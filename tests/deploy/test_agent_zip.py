import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import edgecompress.agent
from edgecompress.deploy.agent_zip import agent_zip


def test_the_same_sources_give_the_same_bytes_whatever_the_time_and_the_process(tmp_path):
    code = "import sys; from edgecompress.deploy.agent_zip import agent_zip; sys.stdout.buffer.write(agent_zip())"
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "77"},
    ).stdout
    assert other == agent_zip()


def test_it_holds_every_source_and_nothing_else():
    folder = Path(edgecompress.agent.__file__).parent
    sources = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}
    with zipfile.ZipFile(io.BytesIO(agent_zip())) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert held.pop("__main__.py")
    assert held == {f"edgecompress_agent/{name}": content for name, content in sources.items()}


def test_a_python_runs_it(tmp_path):
    (tmp_path / "agent.pyz").write_bytes(agent_zip())
    (tmp_path / "job.json").write_text("{}")
    command = [sys.executable, "-I", str(tmp_path / "agent.pyz"), "conditions", str(tmp_path / "job.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith('{"event": "conditions"')
