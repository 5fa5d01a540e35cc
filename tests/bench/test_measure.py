from edgecompress import bundle
from edgecompress.bench.measure import Measurement
from edgecompress.bench.protocol import protocol
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.deploy.transports.local import local


def test_progress_goes_from_nothing_to_everything_for_each_title(small_bundle):
    told = {}

    def progress(title, done, total, note=""):
        assert 0 <= done <= total
        told.setdefault(title, []).append((done, total, note))

    manifest = bundle.load(small_bundle)
    with local() as connection:
        measurement = Measurement(AgentOnDevice(connection), small_bundle, manifest.models, protocol("quick"), progress)
        assert all(file.latency is None for file in measurement.results().values())
        measurement.all(1)
    for title in ("latency onnxruntime", "latency litert", "memory", *(f"accuracy {name}" for name in manifest.models)):
        done = [step for step, _, _ in told[title]]
        assert done == sorted(done)
        assert told[title][0][0] == 0
        assert told[title][-1][0] == told[title][-1][1]
    assert all(not file.failures for file in measurement.results().values())
