"""The table of consumers, asked of the runtimes: each operator reads each form that is allowed it, to the bit."""

import numpy as np
import pytest

from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.consumers import ReadingOperator, Use, sums_products, use
from edgecompress.formats.tflite.scales import Scales
from edgecompress.formats.tflite.weights import Stored

WINDOW = {"strideH": 1, "strideW": 1}
LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
# operator, input of the weight, shapes of input, weight and output, options table, its fields
CASES = {
    "CONV_2D": (1, (1, 5, 5, 8), (16, 3, 3, 8), (1, 5, 5, 16), "Conv2DOptions", WINDOW),
    "DEPTHWISE_CONV_2D": (
        1, (1, 5, 5, 16), (1, 3, 3, 16), (1, 5, 5, 16), "DepthwiseConv2DOptions", WINDOW | {"depthMultiplier": 1},
    ),
    "FULLY_CONNECTED": (1, (1, 24), (16, 24), (1, 16), "FullyConnectedOptions", {}),
    "TRANSPOSE_CONV": (1, (1, 5, 5, 8), (16, 3, 3, 8), (1, 5, 5, 16), "TransposeConvOptions", WINDOW),
    "ADD": (1, (6, 16), (6, 16), (6, 16), "AddOptions", {}),
    "SUB": (1, (6, 16), (6, 16), (6, 16), "SubOptions", {}),
    "MUL": (1, (6, 16), (6, 16), (6, 16), "MulOptions", {}),
    "DIV": (1, (6, 16), (6, 16), (6, 16), "DivOptions", {}),
    "BATCH_MATMUL": (1, (1, 3, 6), (1, 6, 16), (1, 3, 16), "BatchMatMulOptions", {}),
    "CONCATENATION": (1, (2, 16), (6, 16), (8, 16), "ConcatenationOptions", {"axis": 0}),
    "CONV_3D": (
        1, (1, 4, 4, 4, 4), (2, 2, 2, 4, 16), (1, 4, 4, 4, 16), "Conv3DOptions",
        {"strideD": 1, "strideH": 1, "strideW": 1},
    ),
    "EMBEDDING_LOOKUP": (1, (3,), (6, 16), (3, 16), None, {}),
    "GATHER": (0, (3,), (6, 16), (3, 16), "GatherOptions", {"axis": 0}),
    "PRELU": (1, (1, 3, 3, 16), (1, 1, 16), (1, 3, 3, 16), None, {}),
    LSTM: (2, (1, 3, 8), (16, 8), (1, 3, 16), "UnidirectionalSequenceLSTMOptions", {"fusedActivationFunction": 4}),
}  # fmt: skip
LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
BIASES = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
ONE_STEP = ("float16", "int8", "csr-float32")
CHAINED = ("csr-float16", "csr-int8")
RANDOM = np.random.default_rng(9)


def _stored(shape, form, *, channels=True, zeros=True):
    """Small integers over a power of two, which every form holds exactly."""
    integers = RANDOM.integers(1, 60, shape) * RANDOM.choice([-1, 1], shape) * (RANDOM.random(shape) < 0.3)
    if not zeros:
        integers[integers == 0] = 7
    single = (integers / 64).astype(np.float32)
    if form.endswith("int8"):
        count = shape[-1] if channels else 1
        scales = Scales(np.full(count, 1 / 64, np.float32), len(shape) - 1)
        plain = integers.astype(np.int8)
    else:
        plain, scales = single.astype(form.removeprefix("csr-")), None
    return single, Stored(csr.pack(plain, len(shape) - 1) if "csr" in form else plain, scales)


def _file(build, code, stored, bias, *, activation=None, version=1):
    """A model of one operator that reads ``stored``, with a bias where operators of that kind have one."""
    position, given, shape, made, kind, options = CASES[code]
    x = build.tensor("x", given, kind="int32" if code in ("EMBEDDING_LOOKUP", "GATHER") else "float32")
    w = build.weight("w", stored)
    if code == "TRANSPOSE_CONV":
        inputs = [build.tensor("shape", (4,), np.array(made, np.int32)), w, x]
        version = 3
    elif code == LSTM:
        inputs = _lstm(build, x, w, shape)
    else:
        inputs = [w, x] if position == 0 else [x, w]
    if code in BIASES:
        inputs.append(build.weight("b", bias))
    y = build.tensor("y", made)
    build.operator(code, inputs, [y], kind, version, **options | ({} if activation is None else activation))
    return build.file([x], [y])


def _lstm(build, x, w, shape):
    units, size = shape
    random = np.random.default_rng(3)

    def constant(name, *sizes):
        return build.tensor(name, sizes, random.normal(0, 0.3, sizes).astype(np.float32))

    to_input = [constant(f"i{gate}", units, size) for gate in range(3)]
    recurrent = [constant(f"r{gate}", units, units) for gate in range(4)]
    biases = [constant(f"b{gate}", units) for gate in range(4)]
    states = [build.tensor(name, (1, units)) for name in ("output state", "cell state")]
    for state in states:
        build.tensors[state].isVariable = True
    return [x, to_input[0], w, *to_input[1:], *recurrent, -1, -1, -1, *biases, -1, -1, *states, -1, -1, -1, -1]


def _input(code):
    given = CASES[code][1]
    if code in ("EMBEDDING_LOOKUP", "GATHER"):
        return {"x": np.array([5, 0, 3], np.int32)}
    return {"x": np.random.default_rng(1).normal(0, 1, given).astype(np.float32)}


def _plain_bias(code):
    return Stored(np.linspace(-1, 1, 16, dtype=np.float32))


FORMS = [(code, form) for code in CASES for form in (*ONE_STEP, *(CHAINED if code in LAYERS else ()))]


@pytest.mark.parametrize(("code", "form"), FORMS)
def test_an_operator_computes_the_same_bits_from_a_decoded_weight(litert, tmp_path, foreign, payload, code, form):
    _same_bits(litert, tmp_path, foreign, payload, code, form, ("xnnpack", "builtin", "reference"))


def _same_bits(litert, tmp_path, foreign, payload, code, form, all_kernels):
    single, stored = _stored(CASES[code][2], form, zeros=code != "DIV")
    plain = _file(foreign(), code, Stored(single), _plain_bias(code))
    data = _file(foreign(), code, stored, _plain_bias(code))
    for kernels in all_kernels:
        expected = litert.run(tmp_path, plain, _input(code), kernels=kernels)["y"]
        assert np.ptp(expected) > 0
        # The second run is with a file whose weight was overwritten: it was decoded once, and not read again.
        found = litert.run(tmp_path, data, _input(code), kernels=kernels, overwrite=[payload(data, "w")])["y"]
        assert found[0].tobytes() == expected.tobytes()
        assert found[1].tobytes() == expected.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize(("code", "form"), FORMS)
def test_tflite_runtime_2_14_computes_the_same_bits_too(old_runtime, tmp_path, foreign, payload, code, form):
    # Its reference kernels, which nobody gets without asking, do not register DEQUANTIZE with a scale for each channel.
    kernels = ("xnnpack", "builtin") if "int8" in form else ("xnnpack", "builtin", "reference")
    _same_bits(old_runtime, tmp_path, foreign, payload, code, form, kernels)


@pytest.mark.parametrize("form", ONE_STEP)
@pytest.mark.parametrize("code", LAYERS)
def test_a_bias_may_be_decoded_by_one_operator(litert, tmp_path, foreign, code, form):
    single, bias = _stored((16,), form, channels=False)
    weight = _stored(CASES[code][2], "csr-float16")[1]  # the bias must not keep XNNPACK from the weight's two
    for kernels in ("xnnpack", "builtin"):
        expected = litert.run(tmp_path, _file(foreign(), code, weight, Stored(single)), _input(code), kernels=kernels)
        found = litert.run(tmp_path, _file(foreign(), code, weight, bias), _input(code), kernels=kernels)
        assert found["y"].tobytes() == expected["y"].tobytes()


@pytest.mark.parametrize("form", (*ONE_STEP, *CHAINED))
@pytest.mark.parametrize("code", LAYERS)
def test_xnnpack_runs_no_decoding_operator_at_an_inference(litert, tmp_path, foreign, code, form):
    stored = _stored(CASES[code][2], form)[1]
    made = ["w" + {"DENSIFY": "/dense", "DEQUANTIZE": "/float32"}[step] for step in stored.steps]
    data = _file(foreign(), code, stored, _plain_bias(code))
    found = litert.run(tmp_path, data, _input(code), computed=made)
    assert [bool(found[f"computed/{name}"]) for name in made] == [False] * len(made)


@pytest.mark.parametrize("code", ["GATHER", "EMBEDDING_LOOKUP", LSTM, "CONV_3D"])
def test_a_chain_before_an_operator_outside_xnnpack_is_silently_wrong_which_is_why_it_is_not_allowed(
    litert, tmp_path, foreign, code
):
    single, stored = _stored(CASES[code][2], "csr-float16")
    expected = litert.run(tmp_path, _file(foreign(), code, Stored(single), _plain_bias(code)), _input(code))["y"]
    found = litert.run(tmp_path, _file(foreign(), code, stored, _plain_bias(code)), _input(code))["y"]
    assert found.tobytes() != expected.tobytes()
    assert not use([ReadingOperator(code, CASES[code][0])]).chained


def test_a_fused_tanh_keeps_a_layer_out_of_xnnpack(litert, tmp_path, foreign):
    single, stored = _stored(CASES["CONV_2D"][2], "csr-float16")
    tanh = {"fusedActivationFunction": 4}
    plain = _file(foreign(), "CONV_2D", Stored(single), _plain_bias("CONV_2D"), activation=tanh)
    chained = _file(foreign(), "CONV_2D", stored, _plain_bias("CONV_2D"), activation=tanh)
    expected, found = (litert.run(tmp_path, data, _input("CONV_2D"))["y"] for data in (plain, chained))
    assert found.tobytes() != expected.tobytes()
    assert not use([ReadingOperator("CONV_2D", 1, activation=4)]).chained


def test_a_weight_may_have_what_all_its_readers_allow():
    conv, dense = ReadingOperator("CONV_2D", 1), ReadingOperator("FULLY_CONNECTED", 1)
    assert use([conv]) == Use(0, chained=True, hybrid=True)
    assert use([conv, dense]) == Use(0, chained=True, hybrid=True)
    assert use([ReadingOperator("DEPTHWISE_CONV_2D", 1)]) == Use(3, chained=True, hybrid=True)
    assert use([conv, ReadingOperator("DEPTHWISE_CONV_2D", 1)]) == Use(None, chained=True, hybrid=False)
    assert use([conv, ReadingOperator("TRANSPOSE_CONV", 1)]) == Use(0, chained=True, hybrid=False)
    assert use([conv, ReadingOperator("GATHER", 0)]) == Use(None, chained=False, hybrid=False)
    assert not use([ReadingOperator("CONV_2D", 1, constant_bias=False)]).chained
    for reading in (
        ReadingOperator("CUSTOM", 1),
        ReadingOperator("FULLY_CONNECTED", 1, default_weights=False),
        ReadingOperator("RESHAPE", 0),
    ):
        assert use([conv, reading]) == (
            f"input {reading.position} of {reading.code} is not known to read what is decoded"
        )


def test_only_the_weights_of_layers_are_summed_products():
    assert sums_products([ReadingOperator("CONV_2D", 1), ReadingOperator("FULLY_CONNECTED", 1)])
    assert not sums_products([ReadingOperator("CONV_2D", 1), ReadingOperator("MUL", 1)])
    assert not sums_products([ReadingOperator("CONV_2D", 2)])
