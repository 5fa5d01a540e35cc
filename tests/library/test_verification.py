import numpy as np
import onnx
import pytest
import torch
from torch import nn

import edgecompress as ec
from edgecompress.errors import CheckError, InputError
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.sources.to_onnx import to_onnx


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(64, 48)
        self.one, self.two = nn.Linear(48, 8), nn.Linear(48, 2)

    def forward(self, x, scale):
        hidden = self.trunk(x).relu() * scale
        return {"classes": self.one(hidden), "box": self.two(hidden)}


@pytest.fixture(scope="module")
def heads():
    torch.manual_seed(0)
    return Heads().train()


@pytest.fixture(scope="module")
def file(heads, tmp_path_factory):
    """Of two inputs and outputs, as PyTorch exports it."""
    path = tmp_path_factory.mktemp("files") / "heads.onnx"
    given = (torch.zeros(2, 64), torch.ones(2, 1))
    batch = torch.export.Dim("batch")
    torch.onnx.export(
        heads.eval(), given, path, input_names=["x", "scale"], dynamo=True, dynamic_shapes=({0: batch}, {0: batch})
    )
    heads.train()
    return path


EXAMPLE = (torch.randn(5, 64, generator=torch.Generator().manual_seed(1)), torch.full((5, 1), 2.0))


def test_a_packed_file_is_its_source_and_the_source_is_itself(file, tmp_path):
    ec.pack(file, tmp_path / "small.onnx", any_gain=True)
    found = ec.verify(tmp_path / "small.onnx", str(file))
    assert len(found.compared) == 2 and found.identical_weights and not found.reason
    assert ec.verify(file, tmp_path / "small.onnx").compared == found.compared


def test_a_file_of_other_weights_is_another_model(file, tmp_path):
    model = onnx.load(file)
    weight = next(each for each in model.graph.initializer if list(each.dims) == [8, 48] or list(each.dims) == [48, 8])
    changed = onnx.numpy_helper.to_array(weight).copy()
    changed[0, 0] = np.nextafter(changed[0, 0], np.float32(9))
    weight.CopyFrom(onnx.numpy_helper.from_array(changed, weight.name))
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(CheckError, match=f"weight '{weight.name}' differs from the source's; it is another model"):
        ec.verify(tmp_path / "other.onnx", file)


def test_a_file_of_two_inputs_and_outputs_computes_what_the_network_does(heads, file):
    found = ec.verify(file, heads, EXAMPLE)
    assert (found.reference, len(found.compared)) == ("Heads", 2)
    assert found.inputs == {"x": (5, 64), "scale": (5, 1)}
    assert 0 <= found.largest_difference < 1e-4
    assert heads.training and heads.one.training
    by_name = ec.verify(file, heads, {"scale": EXAMPLE[1], "x": EXAMPLE[0]})
    assert by_name == found
    other = Heads()
    with pytest.raises(CheckError, match="5 of 5 samples differ from the reference"):
        ec.verify(file, other, EXAMPLE)


def test_a_tflite_file_computes_what_the_network_and_the_onnx_file_do(tmp_path):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)).eval()
    x = torch.randn(2, 3, 8, 6)
    graph = to_onnx(net, (3, 8, 6))
    write_tflite(graph, tmp_path / "net.tflite", compress=True)
    torch.onnx.export(net, (x,), tmp_path / "net.onnx", dynamo=True)
    for reference in (net, tmp_path / "net.onnx"):
        found = ec.verify(tmp_path / "net.tflite", reference, x[:1])
        assert len(found.compared) == 1
        assert found.largest_difference < 2e-2
    assert ec.verify(tmp_path / "net.tflite", tmp_path / "net.tflite").compared
    with pytest.raises(CheckError, match="2 of 2 samples differ"):
        ec.verify(tmp_path / "net.tflite", net, x, tolerance=1e-9)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (ec.verify, "give example inputs"),
        (lambda file, net: ec.verify(file, net, EXAMPLE[0]), "has 2 inputs .x, scale., and example has 1"),
        (lambda file, net: ec.verify(file, net, (EXAMPLE[0][:, :3], EXAMPLE[1])), "does not run on the example"),
        (lambda file, net: ec.verify(file, file.parent / "none.onnx"), "cannot read .*none.onnx"),
        (lambda file, net: ec.verify(file, file, tolerance=0.1), "tolerance is for outputs on example inputs"),
        (lambda file, net: ec.verify(file, file, {"y": EXAMPLE[0]}), "has the inputs x, scale"),
    ],
)
def test_what_does_not_go_together_is_one_line(file, heads, ask, said):
    with pytest.raises(InputError, match=said):
        ask(file, heads)
