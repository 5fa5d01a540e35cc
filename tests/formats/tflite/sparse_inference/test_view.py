"""The two views of one graph, before it is written and in its file, say the same."""

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.sparse_inference import view


def test_a_graph_and_its_file_look_alike(network, tmp_path):
    net = network()
    output = net.dense(net.mean(net.depthwise(net.conv(net.stem(), 16), same=True)))
    file = net.file(tmp_path / "a.tflite", output)

    before = view.of_graph(net.graph(output), has_densify=True)
    after = view.of_model(model_file.parse(file)[1], 0)

    assert [node.code for node in before.nodes] == [node.code for node in after.nodes]
    assert sorted(before.zeros.values()) == sorted(after.zeros.values())
    assert max(zeros for zeros, _ in after.zeros.values()) > 0
    assert [before.shapes[node.outputs[0]] for node in before.nodes] == [
        after.shapes[node.outputs[0]] for node in after.nodes
    ]
    assert {before.names[tensor] for tensor in before.ends} == {after.names[tensor] for tensor in after.ends}
    assert after.has_densify


def test_only_a_sparse_weight_that_is_read_is_a_hint(network, tmp_path):
    net = network()
    output = net.dense(net.mean(net.conv(net.stem(), 16)))
    _, sparse = model_file.parse(net.file(tmp_path / "a.tflite", output))
    net.sparse = []
    _, plain = model_file.parse(net.file(tmp_path / "b.tflite", output))

    assert view.of_model(sparse, 0).has_densify and not view.of_model(plain, 0).has_densify
