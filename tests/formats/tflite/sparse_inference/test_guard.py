"""The guard keeps the sparse kernels off and changes no bit of what is computed."""

import numpy as np
import pytest

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.sparse_inference import view
from edgecompress.formats.tflite.sparse_inference.guard import guard_graph, guard_model, trimmed
from edgecompress.formats.tflite.sparse_inference.verdict import judge, judge_model


@pytest.mark.parametrize(
    ("size", "amounts"), [((16, 16), ((1, 0), (1, 0))), ((16, 17), ((1, 0), (1, 1))), ((17, 17), None)]
)
def test_what_is_never_read_is_not_padded(size, amounts):
    assert trimmed(*size) == amounts


def test_drawn_networks_are_right_with_it_and_compute_the_same_bits(drawn, here, distance, tmp_path):
    guarded = 0
    for seed in range(200, 320):
        net, outputs = drawn(seed)
        file = net.file(tmp_path / "a.tflite", *outputs)
        _, model = model_file.parse(file)
        if judge_model(model).state != "unsafe":
            continue
        guarded += 1

        assert guard_model(model) == 1

        assert judge_model(model).state == "off"
        again = tmp_path / "b.tflite"
        again.write_bytes(model_file.serialize(model))
        assert distance(again) < 1e-3, seed
        for builtin in (True, False):
            before, after = here.outputs(file, builtin=builtin), here.outputs(again, builtin=builtin)
            assert all(a.tobytes() == b.tobytes() for a, b in zip(before, after, strict=True)), seed
    assert guarded > 10


@pytest.mark.parametrize("size", [16, 17])
def test_a_padding_that_others_read_stays_for_them(network, here, distance, tmp_path, size):
    net = network(size=size)
    padded = net.pad(net.input, 1, 1)
    stem = net.conv(padded, 8, 3, 2, zeros=0)
    x = net.conv(net.pool(net.conv(stem, 16)), 16)
    file = net.file(tmp_path / "a.tflite", net.dense(net.mean(x)), net.mean(padded))
    _, model = model_file.parse(file)

    guard_model(model)

    assert judge_model(model).state == "off"
    again = tmp_path / "b.tflite"
    again.write_bytes(model_file.serialize(model))
    before, after = here.outputs(file, builtin=True), here.outputs(again, builtin=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)) and distance(again) < 1e-4


def test_a_graph_that_is_not_written_yet_is_guarded_too(network, distance, tmp_path):
    for size in (16, 17):
        net = network(size=size)
        x = net.conv(net.pool(net.conv(net.stem(), 16)), 16)
        graph = net.graph(net.dense(net.mean(x)))

        assert guard_graph(graph) == 1

        assert judge(view.of_graph(graph, has_densify=True)).state == "off"
        net.operators = graph.operators
        assert distance(net.file(tmp_path / "a.tflite", *graph.outputs)) < 1e-4
