import numpy as np
import pytest

from edgecompress.encode.coders import wavelet
from edgecompress.formats.onnx.decoders.wavelet import numbers

GENERATOR = np.random.default_rng(0)
NUMBERS = {
    "a single leaf": np.full(77, 5),
    "one number": np.array([9]),
    "two symbols": GENERATOR.choice([3, 200], 1000),
    "two numbers": np.array([1, 0]),
    "three symbols": GENERATOR.choice([0, 1, 2], 333),
    "skewed": np.minimum(GENERATOR.geometric(0.4, 3000), 255),
    "256 symbols": GENERATOR.permutation(np.arange(2560) % 256),
    "a level that ends nothing": np.repeat(np.arange(8), 11),
    "codes of 16 bits": np.repeat(np.arange(18), [2**n for n in range(18)]),
}


@pytest.fixture(autouse=True)
def as_long_as_it_pays(monkeypatch):
    """Codes are the shortest in all, however many levels they take."""
    monkeypatch.setattr(wavelet, "LEVEL", 0)


@pytest.mark.parametrize("k", [0, 1, 2, 6])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_come_back(evaluate, name, k):
    values = (NUMBERS[name] << k) + np.random.default_rng(k).integers(0, 2**k, len(NUMBERS[name]))
    code = wavelet.encode(values, k)
    for opset in (13, 18):
        found = evaluate(lambda build: numbers(build, code), opset)
        assert found.dtype == np.int32
        assert found.tolist() == values.tolist()


@pytest.mark.parametrize("shares", [[0.97, 0.03], [0.03, 0.97], [0.52, 0.4, 0.05, 0.02, 0.01], [0.9, 0.07, 0.03]])
def test_numbers_come_back_from_skewed_levels(evaluate, monkeypatch, shares):
    monkeypatch.setattr(wavelet, "SKEWED", 0)
    values = np.random.default_rng(0).choice(len(shares), 3000, p=shares)
    code = wavelet.encode(values, 0)
    assert code.skewed
    for opset in (13, 18):
        found = evaluate(lambda build: numbers(build, code), opset)
        assert found.dtype == np.int32
        assert found.tolist() == values.tolist()


def test_the_longest_codes_are_tried():
    assert len(wavelet.encode(NUMBERS["codes of 16 bits"], 0).leaves_at) == 16
    assert wavelet.encode(NUMBERS["a level that ends nothing"], 0).leaves_at == (0, 0, 8)
