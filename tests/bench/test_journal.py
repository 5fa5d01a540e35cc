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
        return [{"event": step, "file": job["file"]}]


@pytest.fixture
def run(tmp_path):
    """Runs steps as one run of the program would: what they gave, what the agent was asked for, the journal."""

    def steps(*names, key="k", sha256="1"):
        agent = Agent()
        agent.sha256 = sha256
        journal = Journal(agent, tmp_path / "deep" / "j.jsonl", {"key": key})
        given = [journal.step("accelerator", {"file": name}, seconds=1, on_progress=print) for name in names]
        return given, [name for _, name in agent.asked], journal

    return steps


def test_a_run_that_was_cut_off_goes_on_where_it_was(run):
    first, asked, journal = run("a", "b")
    assert (asked, journal.earlier) == (["a", "b"], [])
    second, asked, journal = run("a", "b", "c")
    assert asked == ["c"]
    assert second[:2] == first
    assert [line.split(",")[0] for line in journal.earlier] == ["accelerator of a", "accelerator of b"]


def test_a_step_that_makes_a_file_is_asked_for_again(tmp_path):
    """The file is not in the journal, and may be gone from the board."""

    class Fetching(Agent):
        def fetch(self, step, job, path, **_):
            self.asked.append((step, path))
            return []

    asked = []
    for _ in range(2):
        agent = Fetching()
        journal = Journal(agent, tmp_path / "j.jsonl", {})
        journal.fetch("outputs", {"file": "a", "output": "y"}, tmp_path / "y", seconds=1, on_progress=print)
        asked += agent.asked
    assert asked == [("outputs", tmp_path / "y")] * 2
    assert not (tmp_path / "j.jsonl").exists()


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


@pytest.mark.parametrize(
    "line",
    [
        b'{"key": 1}',
        b"[1, 2]",
        b'{"key": "k", "step": "s", "time": "yesterday", "events": []}',
        b'{"key": "k", "step": "s", "time": "2026-01-01T00:00:00", "events": []}',
        b'{"key": "k", "step": "s", "time": "2026-01-01T00:00:00+00:00", "events": [7]}',
        b"[" * 200_000,
        b'{"key": "\xff", "step": "s", "time": "2026-01-01T00:00:00+00:00"}',
    ],
)
def test_a_poisoned_journal_is_set_aside_with_a_word(run, tmp_path, line):
    run("a")
    path = tmp_path / "deep" / "j.jsonl"
    path.write_bytes(path.read_bytes() + line + b"\n")
    _, asked, journal = run("a")
    assert asked == ["a"]
    (note,) = journal.notes
    assert "set aside as j.jsonl.bad" in note
    assert path.with_name("j.jsonl.bad").read_bytes().endswith(line + b"\n")
    assert run("a")[1] == []


def test_an_answer_in_a_journal_is_held_against_what_it_may_be(run, tmp_path):
    run("a", "b")
    path = tmp_path / "deep" / "j.jsonl"
    path.write_text(path.read_text().replace('"file": "b"', '"file": "\\u001b[31mc"'))
    _, asked, journal = run("a", "b")
    assert asked == ["b"]
    assert len(journal.notes) == 1
    assert len(journal.earlier) == 1
