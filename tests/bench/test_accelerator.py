import onnxruntime
import pytest

from edgecompress import bundle, devices
from edgecompress.bench.accelerator import Accelerator, check
from edgecompress.bench.run import bench
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.deploy.transports.local import local
from edgecompress.errors import InputError

without_cuda = pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="CUDA is here"
)


def test_each_runtime_gets_what_it_understands():
    both = Accelerator(provider="cuda", delegate="/a.so")
    assert both.of("onnxruntime") == {"provider": "cuda"}
    assert both.of("litert") == {"delegate": "/a.so"}
    assert Accelerator().of("onnxruntime") == {}


@without_cuda
def test_what_the_device_has_not_is_refused_before_anything_is_measured(small_bundle, tmp_path):
    for given, line in (
        (Accelerator(provider="cuda"), r"has no CUDAExecutionProvider; it has .*CPUExecutionProvider"),
        (Accelerator(delegate="/no/such.so"), r"cannot load the delegate /no/such\.so"),
    ):
        with pytest.raises(InputError, match=line):
            bench(small_bundle, mode="quick", accelerator=given, output=tmp_path / "r.json")
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_no_file_can_use_is_refused(small_bundle):
    models = bundle.load(small_bundle).models
    tflite = {name: file for name, file in models.items() if file.runtime == "litert"}
    with local() as connection, pytest.raises(InputError, match="no file that is measured here can use the provider"):
        check(AgentOnDevice(connection), Accelerator(provider="cpu"), tflite)


def test_a_provider_that_takes_no_node_is_a_concern(small_bundle, tmp_path, monkeypatch):
    if "AzureExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this build has the CPU's provider alone")
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    devices.add(devices.Device(name="here", address="local", runtimes=["onnxruntime"]))
    asked = Accelerator(provider="azure")
    record, _ = bench(
        small_bundle, device="here", mode="quick", threads=1, accelerator=asked, output=tmp_path / "r.json"
    )
    assert record.accelerator == asked
    for name, file in record.files.items():
        assert file.failures == []
        nodes = file.latency.placement["CPUExecutionProvider"]
        assert nodes > 1
        assert f"{name}: AzureExecutionProvider took none of its {nodes} nodes" in record.validity.concerns


def test_who_runs_the_nodes_is_in_every_record(measured):
    record = measured[0]
    for name, file in record.files.items():
        who = {"onnxruntime": "CPUExecutionProvider", "litert": "XNNPACK"}[file.runtime]
        assert file.latency.placement[who] == sum(file.latency.placement.values()) > 1, name
    assert record.accelerator == Accelerator()
    assert not any("took none" in line for line in record.validity.concerns)
