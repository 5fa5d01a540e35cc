"""Which operators are of a run, and what breaks one."""

import pytest

from edgecompress.formats.tflite.sparse_inference import view
from edgecompress.formats.tflite.sparse_inference.run import find_run, is_entry


def seen(net, output):
    return view.of_graph(net.graph(output), has_densify=True)


def test_a_run_goes_from_the_entry_to_the_average(network):
    net = network()
    graph = seen(net, net.dense(net.mean(net.depthwise(net.pad(net.conv(net.stem(), 16), 1, 1)))))

    run = find_run(graph)

    def codes(places):
        return [graph.nodes[place].code for place in sorted(places)]

    assert codes(run.entries) == ["CONV_2D"]
    assert codes(run.inner) == ["CONV_2D", "PAD", "DEPTHWISE_CONV_2D"]
    assert codes(run.exits) == ["MEAN"] and run.broken == ""


def test_what_reads_a_run_without_being_of_it_breaks_it(network):
    net = network()
    run = find_run(seen(net, net.dense(net.mean(net.pool(net.conv(net.stem(), 16))))))

    assert "MAX_POOL_2D reads" in run.broken and not run.exits


@pytest.mark.parametrize(("before", "after", "expected"), [(1, 1, 1), (1, 0, 0), (0, 1, 0)])
def test_an_entry_is_padded_by_one_on_every_side(network, before, after, expected):
    net = network()
    graph = seen(net, net.dense(net.mean(net.stem(before, after))))

    assert sum(is_entry(graph, node) for node in graph.nodes) == expected
