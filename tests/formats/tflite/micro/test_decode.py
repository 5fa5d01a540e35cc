import numpy as np
import pytest

from edgecompress.formats.tflite.micro import decode, huffman, lut

INT8 = np.dtype(np.int8)
WEIGHTS = (np.arange(60, dtype=np.int8) % 7).reshape(6, 10)


def pruned(weights):
    mask = np.packbits(weights.reshape(-1) != 0)
    header = np.array([2, 1, 0, 0, 1, *[0] * 11], np.uint8)
    return mask, np.concatenate([header, weights[weights != 0].view(np.uint8)])


def test_each_form_has_its_name():
    for code, name in ((lut.encode(WEIGHTS), "lut"), (huffman.encode(WEIGHTS), "huffman")):
        assert decode.form(decode.ancillary(code)) == name
    assert decode.form(pruned(WEIGHTS)[1]) == "pruned"


def test_pruned_weights_are_read_as_the_runtime_reads_them(by_runtime):
    codes, ancillary = pruned(WEIGHTS)
    assert np.array_equal(by_runtime(codes, ancillary, WEIGHTS.shape), WEIGHTS)
    assert np.array_equal(decode.decoded(codes, ancillary, WEIGHTS.shape, INT8, decode.WeightChannels()), WEIGHTS)


@pytest.mark.parametrize("last", [False, True])
def test_a_table_a_channel_is_read_as_the_runtime_reads_it(by_runtime, last):
    """As the compressor of the tflite-micro package writes them."""
    of_package = pytest.importorskip("tflite_micro.tensorflow.lite.micro.compression.lut")
    axis = 1 if last else 0
    weights = np.random.default_rng(0).integers(-128, 127, (4, 8)).astype(np.int8)
    weights = np.repeat(weights, 5, axis=1 - axis)  # few values in each channel
    found = of_package.compress_array(weights, axis)
    stride = max(map(len, found.lookup_tables))
    ancillary = np.frombuffer(
        bytes([0, 1, 0, 0])
        + of_package.LutAncillaryData(
            bitwidth=found.index_bitwidth, axis=axis, value_table_stride=stride
        ).to_user_data()
        + of_package.pack_lookup_tables(found.lookup_tables, stride),
        np.uint8,
    )
    codes = np.frombuffer(of_package.pack_indices(found.indices, found.index_bitwidth), np.uint8)
    channels = decode.WeightChannels(weights.shape[axis], last)
    assert np.array_equal(by_runtime(codes, ancillary, weights.shape, "int8", channels.count, axis), weights)
    assert np.array_equal(decode.decoded(codes, ancillary, weights.shape, INT8, channels), weights)


@pytest.mark.parametrize(
    ("codes", "ancillary", "message"),
    [
        (np.zeros(8, np.uint8), np.zeros(3, np.uint8), "unknown form"),
        (np.zeros(8, np.uint8), np.array([9, 1, *[0] * 14], np.uint8), "unknown form"),
        (np.zeros(8, np.uint8), np.array([1, 1, 0, 0, 1, 1, *[0] * 10], np.uint8), "32 bits"),
        (np.zeros(4, np.uint8), decode.ancillary(huffman.encode(WEIGHTS)), "too early"),
        (np.zeros(2, np.uint8), pruned(WEIGHTS)[1], "mask"),
        (np.full(8, 255, np.uint8), pruned(WEIGHTS)[1], "values"),
    ],
)
def test_what_does_not_fit_is_refused(codes, ancillary, message):
    with pytest.raises(ValueError, match=message):
        decode.decoded(codes, ancillary, WEIGHTS.shape, INT8, decode.WeightChannels())
