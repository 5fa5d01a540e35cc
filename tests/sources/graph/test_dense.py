import torch

from edgecompress.sources.graph.dense import FUNCTIONS
from edgecompress.sources.graph.node import Node


def test_the_onnx_project_s_tests_of_these_operators_pass_or_are_refused(passes):
    done, untested = passes(FUNCTIONS)
    assert done >= 20
    assert untested <= {"LayerNormalization"}  # the ONNX project asks for its mean too, which is refused


def test_layer_normalization_is_pytorch_s():
    torch.manual_seed(0)
    x, scale, shift = torch.randn(2, 3, 4, 5), torch.randn(4, 5), torch.randn(4, 5)
    node = Node("LayerNormalization", {"axis": 2, "epsilon": 1e-3}, 1, 17)
    wanted = torch.nn.functional.layer_norm(x, (4, 5), scale, shift, 1e-3)
    torch.testing.assert_close(FUNCTIONS["LayerNormalization"](node, x, scale, shift), wanted)


def test_dropout_drops_only_while_the_network_trains():
    x = torch.ones(1000)
    assert torch.equal(FUNCTIONS["Dropout"](Node("Dropout", {}, 1, 18), x, torch.tensor(0.5)), x)
    dropped = FUNCTIONS["Dropout"](Node("Dropout", {}, 1, 18, training=True), x, torch.tensor(0.5))
    assert 300 < int((dropped == 0).sum()) < 700
