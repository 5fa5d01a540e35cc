import json

import pytest

from edgecompress.bench import journal as module
from edgecompress.bench.journal import Journal


class Agent:
    """An agent that counts what it is asked for."""

    sha256 = "1"

    def __init__(self):
        self.asked = []

    def push(self, path):
        self.asked.append(path)

    def step(self, step, job, *, seconds, on_progress):
        self.asked.append((step, job["file"]))
        return [{"event": step, "file": job["file"], "number": len(self.asked)}]


@pytest.fixture
def run(tmp_path):
    """Runs steps as one run of the program would: what they gave, what the agent was asked for, the journal."""

    def steps(*names, key="k", sha256="1"):
        agent = Agent()
        agent.sha256 = sha256
        journal = Journal(agent, tmp_path / "deep" / "j.jsonl", {"key": key})
        given = [journal.step("memory", {"file": name}, seconds=1, on_progress=print) for name in names]
        return given, [name for _, name in agent.asked], journal

    return steps


def test_a_run_that_was_cut_off_goes_on_where_it_was(run):
    first, asked, journal = run("a", "b")
    assert (asked, journal.earlier) == (["a", "b"], [])
    second, asked, journal = run("a", "b", "c")
    assert asked == ["c"]
    assert second[:2] == first
    assert [line.split(",")[0] for line in journal.earlier] == ["memory of a", "memory of b"]


def test_a_line_that_was_cut_short_is_measured_again(run, tmp_path):
    run("a", "b")
    path = tmp_path / "deep" / "j.jsonl"
    path.write_text(path.read_text()[:-20])
    assert run("a", "b")[1] == ["b"]
    assert run("a", "b")[1] == []  # what was written after it is read


def test_another_bundle_protocol_or_agent_begins_anew(run):
    run("a")
    assert run("a", key="other")[1] == ["a"]
    assert run("a", sha256="2")[1] == ["a"]
    assert run("a")[1] == []


def test_what_is_old_or_was_finished_is_not_taken(run, tmp_path, monkeypatch):
    run("a")
    monkeypatch.setattr(module, "KEPT", module.KEPT * 0)
    assert run("a")[1] == ["a"]
    monkeypatch.undo()
    _, _, journal = run("a")
    journal.forget()
    assert run("a")[1] == ["a"]
    assert all(json.loads(line) for line in (tmp_path / "deep" / "j.jsonl").read_text().splitlines())
