import json

import numpy as np
import pytest

from edgecompress import bundle
from edgecompress.bench.firmware import FirmwareSession
from edgecompress.bench.protocol import protocol
from edgecompress.deploy.serial.firmware import Hello
from edgecompress.errors import CheckError, InputError

HELLO = Hello(1, 0, 0, 2, 3, 100, 200, 1_000_000, False, "Zephyr", "b")


class Scripted:
    """A firmware of which each inference takes the next of some numbers of cycles, and says which sample it had."""

    repeated = 0

    def __init__(self, noise, sample, outputs=(0.0, 1.0, 0.0)):
        self._noise, self._sample, self._outputs = noise, sample, outputs
        self.expected = []

    def infer(self, row, outputs):
        return self._sample, np.array(self._outputs, np.float32)[:outputs]

    def time(self, count):
        return [self._noise] * count

    def expect(self, seconds):
        self.expected.append(seconds)


@pytest.fixture
def session(micro_bundle, monkeypatch):
    """Makes a session with a scripted firmware, without a reference and with two values a sample."""

    def make(firmware, hello=HELLO, seen=None):
        manifest = bundle.load(micro_bundle)
        monkeypatch.setattr(FirmwareSession, "_reference", lambda *_: (None, "none: not here"))
        tell = (lambda *step: seen.append(step)) if seen is not None else (lambda *_: None)
        return FirmwareSession(micro_bundle, manifest, protocol("quick"), firmware, hello, tell)

    return make


X = np.zeros((5, 2, 1, 1), np.float32)
LABELS = np.array([1, 1, 0, 1, 2])


def test_right_answers_are_counted_and_no_reference_is_said(session):
    found = session(Scripted(50, 50)).measured("model-int8.tflite", X, LABELS)
    assert (found.accuracy.correct, found.accuracy.samples, found.accuracy.percent) == (3, 5, 60.0)
    assert found.accuracy.reference == "none: not here"
    assert (found.firmware.compared, found.firmware.differing) == (0, None)
    assert set(found.latency.samples_ns) == {50_000}
    json.loads(found.model_dump_json())


def test_samples_that_take_longer_than_noise_are_a_concern(session):
    made = session(Scripted(100, 150))
    concerns = made.validity(made.measured("model-int8.tflite", X, LABELS)).concerns
    assert any("takes 1.50 times as long" in each for each in concerns)


def test_an_emulated_board_is_asked_for_no_times(session):
    firmware = Scripted(100, 100)
    firmware.time = lambda _: pytest.fail("it was timed")
    found = session(firmware, Hello(*{**vars(HELLO), "emulated": True}.values()))
    assert found.measured("model-int8.tflite", X, LABELS).latency is None


def test_a_counter_without_a_rate_is_refused(session):
    with pytest.raises(InputError, match=r"no rate of its counter"):
        session(Scripted(1, 1), Hello(*{**vars(HELLO), "hertz": 0}.values())).measured("model-int8.tflite", X, LABELS)


def test_outputs_that_are_not_finite_and_samples_that_do_not_fit(session):
    with pytest.raises(CheckError, match="not finite, in sample 0"):
        session(Scripted(9, 9, outputs=(np.nan, 0, 0))).measured("model-int8.tflite", X, LABELS)
    with pytest.raises(InputError, match="has 3 values a sample, and the board takes 2"):
        session(Scripted(9, 9)).measured("model-int8.tflite", np.zeros((5, 3, 1, 1), np.float32), LABELS)


def test_work_of_more_than_seconds_is_told_before(session, monkeypatch):
    from edgecompress.bench import firmware as room

    seen = []
    monkeypatch.setattr(room, "_NOTED_SECONDS", 0.0)
    session(Scripted(9, 9), seen=seen).measured("model-int8.tflite", X, LABELS)
    assert [step[3] for step in seen if step[0] == "time"][-1] == "about 0 s for 5 samples"
