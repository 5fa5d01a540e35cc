import json
import subprocess
import sys

import pytest


@pytest.fixture
def wheels(tmp_path, make_wheel):
    paths = [make_wheel(tmp_path, name) for name in ("numpy", "psutil")]
    return [{"file": path.name} for path in paths]


def version_there(folder, name="numpy"):
    done = subprocess.run(
        [folder / "python", "-c", f"import {name}; print({name}.version)"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def test_wheels_become_an_environment_of_their_own(agent, tmp_path, wheels):
    job = {"folder": "it's an env", "key": "1", "wheels": wheels}
    folder = tmp_path / "it's an env"
    code, events, _ = agent("install", job)
    assert code == 0
    assert events[-1] == {"event": "installed", "fresh": True, "packages": {"numpy": "1.0", "psutil": "1.0"}}
    assert version_there(folder) == "1.0"
    # Nothing of the Python that made it is in it.
    assert version_there(folder, "pytest") == ""
    assert [path.name for path in tmp_path.glob("it's an env*")] == ["it's an env"]


def test_what_is_there_under_its_key_stays_and_another_key_replaces_it(agent, tmp_path, wheels, make_wheel):
    job = {"folder": "env", "key": "1", "wheels": wheels}
    agent("install", job)
    assert agent("install", job)[1][-1]["fresh"] is False
    assert agent("install", {"folder": "env", "key": "1"})[1][-1]["packages"] == {"numpy": "1.0", "psutil": "1.0"}
    assert agent("install", {"folder": "env", "key": "2"})[1][-1]["packages"] == {}
    newer = [{"file": make_wheel(tmp_path, "numpy", "2.0").name}]
    assert agent("install", {**job, "key": "2", "wheels": newer})[1][-1]["packages"] == {"numpy": "2.0"}
    assert version_there(tmp_path / "env") == "2.0"
    # One that does not start any more is made anew under the same key.
    (tmp_path / "env" / "venv" / "bin" / "python").unlink()
    assert agent("install", {**job, "key": "2", "wheels": newer})[1][-1]["fresh"] is True


def test_a_wheel_that_is_not_whole_costs_nothing_that_was_there(agent, tmp_path, wheels, make_wheel):
    agent("install", {"folder": "env", "key": "1", "wheels": wheels})
    wrong = make_wheel(tmp_path, "numpy", "3.0", wrong=True)
    outside = make_wheel(tmp_path, "psutil", "3.0", extra={"../../hacked": "x"}.items())
    (tmp_path / "cut.whl").write_bytes(outside.read_bytes()[:200])
    whole = make_wheel(tmp_path, "psutil", "4.0").read_bytes()
    # A member's flags, and how it is compressed, in its entry of the directory and in its own header.
    for name, of_entry, of_member, value in (("locked.whl", 8, 6, 1), ("packed.whl", 10, 8, 99)):
        changed = bytearray(whole)
        for mark, place in ((b"PK\1\2", of_entry), (b"PK\3\4", of_member)):
            changed[changed.index(mark) + place] = value
        (tmp_path / name).write_bytes(changed)
    for name, line in (
        (wrong.name, "its checksum is another"),
        (outside.name, "outside"),
        ("cut.whl", "not a wheel"),
        ("locked.whl", "not a wheel: File 'psutil.py' is encrypted"),
        ("packed.whl", "not a wheel: That compression method is not supported"),
    ):
        code, events, _ = agent("install", {"folder": "env", "key": "2", "wheels": [{"file": name}]})
        assert code == 2
        assert line in events[-1]["message"]
    assert version_there(tmp_path / "env") == "1.0"
    assert not list(tmp_path.glob("env.*"))
    assert not (tmp_path.parent / "hacked").exists()


def test_the_boards_own_pip(agent, tmp_path, index):
    job = {"folder": "env", "key": "1", "requirements": [{"text": "numpy"}, {"text": "onnxruntime"}]}
    assert agent("install", job)[1][-1]["packages"] == {"numpy": "1.0", "onnxruntime": "1.0"}
    assert version_there(tmp_path / "env", "onnxruntime") == "1.0"
    code, events, _ = agent("install", {**job, "key": "2", "requirements": [{"text": "ai-edge-litert"}]})
    assert (code, events[-1]["message"]) == (2, "no wheel of ai-edge-litert fits here")


def test_a_python_without_venv_and_without_pip(agent, tmp_path, wheels):
    # Such a Python finds neither, as on a board whose system leaves them out.
    (tmp_path / "less").mkdir()
    (tmp_path / "less" / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name in ('venv', 'pip') else found(name, *more)\n"
    )
    import os

    path = f"{tmp_path / 'less'}:{os.environ.get('PYTHONPATH', '')}"
    environment = {"PYTHONPATH": path}
    job = {"folder": "env", "key": "1", "wheels": wheels}
    assert agent("install", job, environment=environment)[1][-1]["fresh"] is True
    assert version_there(tmp_path / "env") == "1.0"
    job = {"folder": "env", "key": "2", "requirements": [{"text": "numpy"}]}
    code, events, _ = agent("install", job, environment=environment)
    assert code == 2
    assert "has no pip: install it (python3-pip), or set up with --offline" in events[-1]["message"]


def test_an_agent_without_numpy_still_looks_and_installs(tmp_path, wheels):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "numpy.py").write_text("raise ImportError('none')\n")
    from edgecompress.deploy.agent_zip import agent_zip

    (tmp_path / "agent.pyz").write_bytes(agent_zip())
    for step, job in (("conditions", {}), ("install", {"folder": "env", "key": "1", "wheels": wheels})):
        (tmp_path / "job.json").write_text(json.dumps(job))
        command = [sys.executable, "-S", str(tmp_path / "agent.pyz"), step, str(tmp_path / "job.json")]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(tmp_path / "bare")}
        )
        assert done.returncode == 0, done.stdout
