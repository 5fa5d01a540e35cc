import pytest

from edgecompress.agent.steps.latency import MOST_KEPT
from edgecompress.bench.processes import share, together
from edgecompress.bench.protocol import MODES


def event(file, samples, stride=1, **changes):
    common = {"warmup_runs": 16, "settled": True, "seconds": 2.0, "others": {"cores": 0.1, "stolen": 0.0}}
    runs = stride * len(samples)
    return {"file": file, "samples_ns": list(samples), "stride": stride, "runs": runs, **common, **changes}


def test_processes_share_runs_and_seconds_and_load_the_files_in_both_orders():
    protocol = MODES["standard"]
    files = [{"file": "a"}, {"file": "b"}]
    jobs = [share(protocol, files, number) for number in range(protocol.processes)]
    assert sum(job["min_runs"] for job in jobs) >= protocol.min_runs
    assert sum(job["min_seconds"] for job in jobs) == pytest.approx(protocol.min_seconds)
    assert sum(job["max_seconds"] for job in jobs) == pytest.approx(protocol.max_seconds)
    assert [job["files"][0]["file"] for job in jobs] == ["a", "b", "a", "b", "a"]
    # A journal knows a step by its job.
    assert len({str(job) for job in jobs if job["files"][0]["file"] == "a"}) == 3


def test_events_of_a_file_are_put_together_whatever_their_order():
    parts = [
        [event("a", [1, 2], others={"cores": 0.4, "stolen": 0.0}), event("b", [3, 4])],
        [event("b", [7, 8, 9, 10], seconds=6.0), event("a", [5, 6, 5, 6], seconds=6.0)],
    ]
    a, b = together(parts)
    assert (a["file"], a["samples_ns"], a["processes"]) == ("a", [1, 2, 5, 6, 5, 6], [2, 4])
    assert (b["file"], b["samples_ns"], b["processes"]) == ("b", [3, 4, 7, 8, 9, 10], [2, 4])
    assert (a["runs"], a["warmup_runs"], a["seconds"], a["settled"]) == (6, 32, 8.0, True)
    assert a["others"]["cores"] == pytest.approx((0.4 * 2 + 0.1 * 6) / 8)


def test_what_one_process_could_not_see_or_did_not_reach_is_not_said_of_all():
    settled = {"settled": False}, {"settled": None}
    assert together([[event("a", [1, 2])], [event("a", [1, 2], **settled[0])]])[0]["settled"] is False
    assert together([[event("a", [1, 2], **settled[1])], [event("a", [1, 2], **settled[1])]])[0]["settled"] is None
    assert together([[event("a", [1, 2])], [event("a", [1, 2], others=None)]])[0]["others"] is None


def test_each_process_counts_by_its_runs_where_one_was_thinned_more():
    (found,) = together([[event("a", range(8), stride=4)], [event("a", range(100, 116), stride=2)]])
    assert found["samples_ns"] == [*range(8), 100, 101, 104, 105, 108, 109, 112, 113]
    assert (found["stride"], found["processes"], found["runs"]) == (4, [8, 8], 64)


def test_of_very_many_an_even_part_is_kept():
    (found,) = together([[event("a", range(MOST_KEPT))], [event("a", range(MOST_KEPT // 2))]])
    assert found["processes"] == [MOST_KEPT // 2, MOST_KEPT // 4]
    assert found["stride"] == 2
    assert found["samples_ns"][:4] == [0, 1, 4, 5]
