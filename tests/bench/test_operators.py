import pytest

from edgecompress import bundle
from edgecompress.bench.measure import Measurement
from edgecompress.bench.operators import RUNS
from edgecompress.bench.protocol import protocol
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.deploy.transports.local import local


@pytest.fixture(scope="module")
def profiled(small_bundle):
    """Two files of the small bundle, timed for a moment, and profiled."""
    manifest = bundle.load(small_bundle)
    chosen = manifest.model_copy(update={"models": {n: manifest.models[n] for n in ("model.onnx", "model.tflite")}})
    short = protocol("quick").model_copy(update={"min_runs": 2, "min_seconds": 0.0})
    with local() as connection:
        measurement = Measurement(AgentOnDevice(connection), small_bundle, chosen.models, short, lambda *told: None)
        measurement.all(1, profile=True)
    return measurement.results()


def test_every_operator_of_the_network_is_in_the_profile(profiled):
    profile = profiled["model.onnx"].profile
    assert (profile.runs, profile.note) == (RUNS, None)
    assert all(node.calls == RUNS for node in profile.nodes)
    kinds = [node.op_type for node in profile.nodes]
    # The five convolutions and the classifier of AlexNet; what decodes weights was folded when the file was loaded.
    assert (kinds.count("Conv") + kinds.count("FusedConv"), kinds.count("Gemm")) == (5, 1)
    shares = [node.share for node in profile.nodes]
    assert shares == sorted(shares, reverse=True)
    assert 0.3 < sum(shares) <= 1


def test_litert_s_operators_are_timed_alone_and_held_against_the_whole(profiled):
    file = profiled["model.tflite"]
    profile = file.profile
    assert (file.failures, profile.note, profile.runs, profile.method) == ([], None, RUNS, "operators alone")
    kinds = [node.op_type.removeprefix("PAD + ") for node in profile.nodes]
    assert (kinds.count("CONV_2D"), kinds.count("FULLY_CONNECTED")) == (5, 1)
    assert sum(node.share for node in profile.nodes) == pytest.approx(1)
    # Tiny operators, each with the cost of a call: together more than the whole, and not many times more.
    assert 0.5 < profile.together < 5


def test_it_is_not_taken_unless_asked_for(measured):
    assert all(file.profile is None for file in measured[0].files.values())
