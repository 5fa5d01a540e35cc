import numpy as np

from edgecompress.formats.tflite import csr, tables
from edgecompress.formats.tflite.scales import Scales
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored


def test_a_sparse_int8_weight_has_its_scales_where_dequantize_reads_them():
    array = np.zeros((4, 6), np.int8)
    array[1, 2] = 5
    scales = Scales(np.array([1, 2, 3, 4], np.float32), 0)
    stored = Stored(csr.pack(array, 1), scales)
    assert stored.steps == ("DENSIFY", "DEQUANTIZE")
    constant = tables.weight_tensor("w", (4, 6), stored, 1)
    dense = tables.decoded_tensor("w/dense", (4, 6), stored, "DENSIFY")
    single = tables.decoded_tensor("w/float32", (4, 6), stored, "DEQUANTIZE")
    kinds = schema().TensorType
    assert (constant.type, dense.type, single.type) == (kinds.INT8, kinds.INT8, kinds.FLOAT32)
    assert list(dense.quantization.scale) == [1, 2, 3, 4]
    assert list(dense.quantization.zeroPoint) == [0, 0, 0, 0]
    assert constant.quantization is single.quantization is None
    assert (dense.sparsity, dense.buffer) == (None, 0)
    assert [level.denseSize for level in constant.sparsity.dimMetadata] == [4, 6]


def test_dequantize_has_the_version_that_first_read_what_it_is_given():
    half, whole = Stored(np.zeros(3, np.float16)), Stored(np.zeros((2, 3), np.int8), Scales(np.ones(1, np.float32)))
    channels = Stored(np.zeros((2, 3), np.int8), Scales(np.ones(2, np.float32)))
    assert [tables.step_version(stored, "DEQUANTIZE") for stored in (whole, half, channels)] == [2, 3, 5]


def test_operators_beyond_the_old_byte_are_marked_in_it():
    new = tables.operator_code("CONV_3D", 1)
    assert (new.deprecatedBuiltinCode, new.builtinCode) == (127, 132)
    assert tables.operator_code("CONV_2D", 1).deprecatedBuiltinCode == 3
