import numpy as np
import onnx_ir as ir
import pytest

from edgecompress.encode import bits
from edgecompress.formats.onnx.decoders.numbers import booleans, numbers

OPSETS = [13, 17, 18, 21]


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("width", range(1, 9))
def test_operators_unpack_what_was_packed(evaluate, width, opset):
    for count in (1, 7, 8, 9, 64, 1001):
        values = np.random.default_rng(count).integers(0, 2**width, count).astype(np.uint8)
        found = evaluate(lambda build, values=values: numbers(build, bits.pack(values, width)), opset)
        assert found.dtype == np.int32
        assert found.tolist() == values.tolist()


@pytest.mark.parametrize("opset", OPSETS)
def test_bits_become_booleans_and_what_fills_the_planes_is_false(evaluate, opset):
    for count in (1, 8, 9, 1001):
        values = np.random.default_rng(count).integers(0, 2, count).astype(np.uint8)
        found = evaluate(lambda build, values=values: booleans(build, bits.pack(values, 1)), opset)
        assert found.dtype == bool
        assert found.tolist() == [*values.astype(bool).tolist(), *[False] * (-count % 8)]


def test_whole_bytes_need_one_operator(evaluate):
    def decode(build):
        value = numbers(build, bits.pack(np.array([3, 200]), 8))
        assert [node.op_type for node in build.nodes] == ["Cast"]
        return value

    assert evaluate(decode).tolist() == [3, 200]


@pytest.mark.parametrize(("opset", "shifted"), [(17, 2), (18, 1)])
def test_bitwise_and_is_used_from_the_opset_on_that_has_it(evaluate, opset, shifted):
    def decode(build):
        value = numbers(build, bits.pack(np.arange(8), 3))
        assert [node.op_type for node in build.nodes].count("BitShift") == shifted
        return build.cast(value, ir.DataType.FLOAT)

    assert evaluate(decode, opset).tolist() == list(range(8))
