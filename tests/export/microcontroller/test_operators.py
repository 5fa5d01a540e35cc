import pytest

from edgecompress.errors import InputError
from edgecompress.export.microcontroller.operators import check_known, in_order, method, output_step


def test_operators_in_their_order_and_the_output_s_step(micro_bundle, small_bundle):
    found = in_order(micro_bundle / "model-int8.tflite")
    assert (found[0], found[-1]) == ("QUANTIZE", "DEQUANTIZE")
    assert found.count("CONV_2D") == 5
    assert in_order(micro_bundle / "model-vela.tflite") == ["QUANTIZE", "ethos-u", "DEQUANTIZE"]
    assert 0 < output_step(micro_bundle / "model-int8.tflite") < 1
    assert output_step(small_bundle / "dense.tflite") is None


def test_methods_are_called_as_the_resolver_s_header_calls_them():
    named = {
        "CONV_2D": "AddConv2D",
        "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
        "BATCH_MATMUL": "AddBatchMatMul",
        "FULLY_CONNECTED": "AddFullyConnected",
        "RELU6": "AddRelu6",
        "PADV2": "AddPadV2",
        "L2_POOL_2D": "AddL2Pool2D",
        "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
        "ethos-u": "AddEthosU",
    }
    assert {operator: method(operator) for operator in named} == named


def test_what_the_runtime_lacks_is_named():
    check_known(["CONV_2D", "ethos-u"], "cortex-m")
    with pytest.raises(InputError, match=r"cortex-m runs, has no DENSIFY, POW"):
        check_known(["POW", "CONV_2D", "DENSIFY"], "cortex-m")
