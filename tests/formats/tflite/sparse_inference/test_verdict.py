"""The verdict on a graph is held against LiteRT on a processor without AVX: what it calls right must be right there."""

import pytest

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.sparse_inference.verdict import judge_model, remark

TOLERANCE = 1e-4

# Each ends in a head, so that something averages a map.
FORMS = {
    "a run of 1x1 convolutions": (lambda n, x: x, "on"),
    "depthwise, SAME, stride 1": (lambda n, x: n.depthwise(x, same=True), "on"),
    "depthwise, padded by 1, stride 2": (lambda n, x: n.depthwise(n.pad(x, 1, 1), stride=2), "on"),
    "depthwise 5x5, padded by 2": (lambda n, x: n.depthwise(n.pad(x, 2, 2), 5, 2), "on"),
    "a sum of two maps": (lambda n, x: n.both("ADD", x, n.conv(x, 16)), "on"),
    "squeeze-excite": (lambda n, x: n.excite(x), "on"),
    "hard swish": (lambda n, x: n.unary("HARD_SWISH", x), "on"),
    "bilinear interpolation": (lambda n, x: n.resize(x), "on"),
    "a maximum pool": (lambda n, x: n.pool(x), "unsafe"),
    "an average pool": (lambda n, x: n.pool(x, "AVERAGE_POOL_2D"), "unsafe"),
    "depthwise, SAME, stride 2": (lambda n, x: n.depthwise(x, stride=2, same=True), "unsafe"),
    "depthwise, padded on one side": (lambda n, x: n.depthwise(n.pad(x, 1, 0), stride=2), "unsafe"),
    "depthwise 5x5, padded by 1 and 2": (lambda n, x: n.depthwise(n.pad(x, 1, 2), 5, 2), "unsafe"),
    "depthwise 7x7": (lambda n, x: n.depthwise(n.pad(x, 3, 3), 7), "unsafe"),
    "a sum with a constant": (lambda n, x: n.both("ADD", x, n.numbers(16)), "unsafe"),
    "a concatenation": (lambda n, x: n.join(n.conv(x, 8), n.conv(x, 8)), "unsafe"),
    "a dense 3x3 convolution": (lambda n, x: n.conv(x, 16, 3, same=True, zeros=0), "unsafe"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_state_of_each_form_is_what_a_processor_without_avx_shows(network, distance, tmp_path, form):
    between, state = FORMS[form]
    net = network()
    x = net.conv(between(net, net.conv(net.stem(), 16)), 16)
    file = net.file(tmp_path / "a.tflite", net.dense(net.mean(x)))

    verdict = judge_model(model_file.parse(file)[1])

    assert verdict.state == state
    if state == "on":
        assert distance(file) < TOLERANCE and verdict.zeros > 2 / 3
    else:
        # The day this fails, a release has mended it.
        assert distance(file) > 1e-2
        assert "pack FILE" in remark(verdict)


STEMS = {
    "trimmed padding": lambda n: n.stem(1, 0),
    "SAME": lambda n: n.conv(n.input, 8, 3, 2, same=True, zeros=0),
    "stride 1": lambda n: n.conv(n.pad(n.input, 1, 1), 8, 3, zeros=0),
}


@pytest.mark.parametrize("stem", STEMS)
def test_without_an_entry_the_kernels_stay_off_and_a_pool_in_between_does_no_harm(network, distance, tmp_path, stem):
    net = network()
    x = net.conv(net.pool(net.conv(STEMS[stem](net), 16)), 16)
    file = net.file(tmp_path / "a.tflite", net.dense(net.mean(x)))

    verdict = judge_model(model_file.parse(file)[1])

    assert verdict.state == "off" and "begins a run" in verdict.reason and distance(file) < TOLERANCE


def test_a_1x1_convolution_of_an_average_that_leads_out_does_not_load_there(network, distance, tmp_path):
    net = network()
    file = net.file(tmp_path / "a.tflite", net.flat(net.conv(net.mean(net.conv(net.stem(), 16), keep=True), 5)))

    assert judge_model(model_file.parse(file)[1]).state == "unsafe"
    assert distance(file) == float("inf")


@pytest.mark.parametrize(("rank", "state"), [(2, "on"), (4, "unsafe")])
def test_a_matrix_of_an_average_is_sure_to_load_there_if_it_does_not_keep_the_rank(
    network, distance, tmp_path, rank, state
):
    net = network()
    output = net.dense(net.mean(net.conv(net.stem(), 16), keep=True))
    if rank == 4:
        net.operators[-1].options["keepNumDims"] = True
        output.shape = (1, 1, 1, 5)
        output = net.flat(output)
    file = net.file(tmp_path / "a.tflite", output)

    assert judge_model(model_file.parse(file)[1]).state == state
    assert state == "unsafe" or distance(file) < TOLERANCE


@pytest.mark.parametrize(("zeros", "state"), [(0.6, "off"), (0.75, "on")])
def test_two_thirds_of_the_weights_must_be_zeros(network, tmp_path, zeros, state):
    net = network()
    x = net.conv(net.conv(net.stem(), 64, zeros=zeros), 64, zeros=zeros)
    file = net.file(tmp_path / "a.tflite", net.dense(net.mean(x)))

    assert judge_model(model_file.parse(file)[1]).state == state


def test_an_output_in_the_middle_is_unsafe(network, distance, tmp_path):
    net = network()
    first = net.conv(net.stem(), 16)
    file = net.file(tmp_path / "a.tflite", net.dense(net.mean(net.conv(first, 16))), first)

    verdict = judge_model(model_file.parse(file)[1])

    assert verdict.state == "unsafe" and "an output too" in verdict.reason and distance(file) > 1e-2


def test_a_dense_file_is_left_alone(network, tmp_path):
    net = network()
    output = net.dense(net.mean(net.conv(net.pool(net.conv(net.stem(), 16)), 16)))
    net.sparse = []
    verdict = judge_model(model_file.parse(net.file(tmp_path / "a.tflite", output))[1])

    assert verdict.state == "off" and not verdict.may_run and remark(verdict) == ""


def test_no_drawn_network_that_is_called_right_is_wrong_there(drawn, distance, tmp_path):
    states = {"on": 0, "off": 0, "unsafe": 0}
    for seed in range(150):
        net, outputs = drawn(seed)
        file = net.file(tmp_path / "a.tflite", *outputs)
        verdict = judge_model(model_file.parse(file)[1])
        states[verdict.state] += 1
        if verdict.state != "unsafe":
            assert distance(file) < 1e-3, (seed, verdict)
    assert min(states.values()) >= 5, states
