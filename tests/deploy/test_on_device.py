import numpy as np
import pytest

from edgecompress.deploy.agent_zip import agent_zip
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice
from edgecompress.deploy.transports.contract import Finished
from edgecompress.deploy.transports.local import local
from edgecompress.errors import RuntimeFailedError


def ignore(event):
    pass


@pytest.fixture
def device():
    with local() as connection:
        yield AgentOnDevice(connection)


def test_a_step_runs_on_files_that_were_pushed(device, small_bundle):
    device.push(small_bundle / "dense.onnx")
    device.push(small_bundle / "eval.npz")
    job = {"file": "dense.onnx", "eval": "eval.npz", "threads": 1}
    progress = []
    (event,) = device.step("accuracy", job, seconds=60, on_progress=progress.append)
    assert (event["event"], event["total"]) == ("accuracy", 100)
    assert progress
    assert all(each["event"] == "progress" for each in progress)


def test_what_a_step_writes_comes_back(device, small_bundle, tmp_path):
    device.push(small_bundle / "dense.onnx")
    device.push(small_bundle / "eval.npz")
    job = {"file": "dense.onnx", "inputs": "eval.npz", "output": "y.npz"}
    device.step("outputs", job, seconds=60, on_progress=ignore)
    device.pull("y.npz", tmp_path / "y.npz")
    assert (tmp_path / "y.npz").stat().st_size > 100 * 10 * 4


def test_the_agents_own_words_explain_a_failure(device, tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"nothing")
    device.push(tmp_path / "m.onnx")
    job = {"file": "m.onnx", "threads": 1}
    with pytest.raises(AgentFailedError, match=r"onnxruntime does not load m\.onnx"):
        device.step("memory", job, seconds=60, on_progress=ignore)
    with pytest.raises(AgentFailedError, match="unknown key 'fil'"):
        device.step("memory", {**job, "fil": 1}, seconds=60, on_progress=ignore)


def test_a_crash_and_a_step_that_hangs_are_explained(device, small_bundle, tmp_path, killer):
    (tmp_path / "m.tflite").write_bytes(killer)
    device.push(tmp_path / "m.tflite")
    with pytest.raises(AgentFailedError, match="its process died of SIGSEGV"):
        device.step("memory", {"file": "m.tflite", "threads": 1}, seconds=60, on_progress=ignore)
    device.push(small_bundle / "dense.onnx")
    files = [{"file": "dense.onnx"}]
    job = {"files": files, "warmup": 0, "min_runs": 1, "min_seconds": 500, "max_seconds": 600, "threads": 1}
    with pytest.raises(AgentFailedError, match="did not finish within 2 s"):
        device.step("latency", job, seconds=2, on_progress=ignore)


class Ended:
    """A connection on which every program ends in one way."""

    python = "python3"

    def __init__(self, finished):
        self.finished = finished

    def push(self, local, remote, deadline):
        pass

    def run(self, arguments, deadline, on_line):
        for line in self.finished.output.splitlines():
            on_line(line)
        return self.finished


@pytest.mark.parametrize(
    ("finished", "line"),
    [
        (Finished(1, "", "Traceback\n  File\nImportError: numpy\n"), "ended with code 1: ImportError: numpy"),
        (Finished(3, "", ""), "ended with code 3: no message"),
        (Finished(127, "", "python: 1: ELF: not found"), "^python3 does not run there: is it of another architecture"),
        (
            Finished(-9, "", ""),
            r"^its process was killed \(SIGKILL\): by someone, or by the system because memory was short$",
        ),
        (Finished(-250, '{"event": "lat', ""), "died of signal 250"),
        (Finished(2, '{"event": "error", "message": "no file"}', "noise"), "^no file$"),
    ],
)
def test_other_ends_are_explained_too(finished, line):
    with pytest.raises(RuntimeFailedError, match=line):
        AgentOnDevice(Ended(finished)).step("memory", {}, seconds=1, on_progress=ignore)


def test_the_agents_checksum_is_that_of_its_bytes(device):
    import hashlib

    assert device.sha256 == hashlib.sha256(agent_zip()).hexdigest()


def test_what_a_step_wrote_is_fetched(device, small_bundle, tmp_path):
    device.push(small_bundle / "dense.onnx")
    device.push(small_bundle / "eval.npz")
    job = {"file": "dense.onnx", "inputs": "eval.npz", "output": "y.npz", "outputs": "all", "limit": 3}
    (event,) = device.fetch("outputs", job, tmp_path / "said.npz", seconds=60, on_progress=ignore)
    with np.load(tmp_path / "said.npz") as archive:
        (said,) = archive.values()
    assert (event["rows"], len(said)) == (3, 3)
