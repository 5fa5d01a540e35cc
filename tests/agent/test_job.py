import pytest

from edgecompress.agent.errors import JobError
from edgecompress.agent.job import Job


def job(tmp_path, **values):
    return Job(values, tmp_path)


def test_relative_paths_are_relative_to_the_jobs_folder(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "m.onnx").touch()
    (tmp_path / "in" / "job.json").write_text('{"file": "m.onnx"}')
    monkeypatch.chdir("/")
    assert Job.read(tmp_path / "in" / "job.json").file("file") == tmp_path / "in" / "m.onnx"


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b""])
def test_a_file_that_is_no_json_object_is_refused(tmp_path, content):
    (tmp_path / "job.json").write_bytes(content)
    with pytest.raises(JobError, match="job"):
        Job.read(tmp_path / "job.json")
    with pytest.raises(JobError, match="cannot read the job"):
        Job.read(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("values", "read", "line"),
    [
        ({}, lambda job: job.count("threads"), "'threads' is missing"),
        ({"threads": None}, lambda job: job.count("threads"), "'threads' is missing"),
        ({"threads": "two"}, lambda job: job.count("threads"), "wrong type"),
        ({"threads": True}, lambda job: job.count("threads"), "wrong type"),
        ({"threads": 1.5}, lambda job: job.count("threads"), "wrong type"),
        ({"threads": 0}, lambda job: job.count("threads"), "1 or more"),
        ({"warmup": "sette"}, lambda job: job.count_or("warmup", "settle"), "wrong type"),
        ({"warmup": -1}, lambda job: job.count_or("warmup", "settle"), "0 or more"),
        ({"max_seconds": -1}, lambda job: job.seconds("max_seconds"), "time in seconds"),
        ({"layout": "NHWC"}, lambda job: job.layout(), "channels_first, channels_last"),
        ({"files": []}, lambda job: job.jobs("files"), "at least one"),
        ({"files": ["m.onnx"]}, lambda job: job.jobs("files"), "list of JSON objects"),
        ({"file": "m.onnx"}, lambda job: job.file("file"), "which is not a file"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, values, read, line):
    with pytest.raises(JobError, match=line):
        read(job(tmp_path, **values))


def test_values_defaults_and_nulls(tmp_path):
    given = job(tmp_path, threads=2, warmup="settle", seconds=1, inputs=None)
    assert (given.count("threads"), given.count("batch", 1)) == (2, 1)
    assert given.count_or("warmup", "settle") is None
    assert given.seconds("seconds") == 1.0
    assert given.layout() == "channels_first"
    assert not given.has("inputs")
    given.finish()


def test_a_key_that_no_step_reads_is_an_error_that_says_where(tmp_path):
    given = job(tmp_path, files=[{"file": "m.onnx", "laoyut": "channels_last"}])
    (inner,) = given.jobs("files")
    inner.path("file")
    given.finish()
    with pytest.raises(JobError, match=r"job\.files\[0\]: unknown key 'laoyut'"):
        inner.finish()


def test_a_job_can_be_given_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Grüße").write_text("")
    assert Job.parse('{"file": "Grüße"}').file("file").resolve() == tmp_path / "Grüße"
    with pytest.raises(JobError, match="cannot read the job"):
        Job.parse("{")
