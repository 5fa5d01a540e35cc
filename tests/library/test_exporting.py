import copy

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import edgecompress as ec
from edgecompress.errors import InputError


class Detector(nn.Module):
    """Two inputs, one of whole numbers, and two outputs."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 32)
        self.conv = nn.Conv2d(3, 32, 3)
        self.box, self.score = nn.Linear(64, 4), nn.Linear(64, 100)

    def forward(self, image, word):
        seen = torch.cat([self.conv(image).relu().mean((2, 3)), self.words(word)[:, 0]], 1)
        return {"box": self.box(seen), "score": self.score(seen)}


def test_a_network_of_two_inputs_and_outputs_pruned_and_clustered(tmp_path):
    torch.manual_seed(0)
    net = ec.cluster_(ec.prune_(Detector(), 0.8), 4).train()
    before = copy.deepcopy(net.state_dict())
    example = {"word": torch.tensor([[3]]), "image": torch.zeros(1, 3, 8, 8)}
    made = ec.export(net, example, tmp_path / "out", output_names=["box", "score"])
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"model.onnx", "model.tflite"}
    assert made["model.onnx"].verification.identical_weights
    assert made["model.tflite"].verification.outputs.samples == 33
    assert {entry.encoding for entry in made["model.onnx"].ledger.tensors} != {"float32"}
    assert net.training and all(torch.equal(net.state_dict()[name], before[name]) for name in before)
    image, word = torch.randn(3, 3, 8, 8), torch.tensor([[1], [2], [19]])
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    found = session.run(["score"], {"image": image.numpy(), "word": word.numpy()})[0]
    assert np.allclose(found, net.eval()(image, word)["score"].detach(), atol=1e-5)
    assert ec.verify(tmp_path / "out" / "model.tflite", net, (image, word)).largest_difference < 1e-3


def test_a_dense_network_without_proof_in_one_format(tmp_path):
    net = nn.Sequential(nn.Linear(8, 4)).double()
    (tmp_path / "kept.txt").touch()
    made = ec.export(net, torch.zeros(1, 8), tmp_path, formats=["tflite"], verify=False)
    assert made["model.tflite"].verification is None
    assert {each.name for each in tmp_path.iterdir()} == {"kept.txt", "model.tflite"}
    assert "not verified" in repr(made) == str(made)
    assert net[0].weight.dtype == torch.float64


class Odd(nn.Module):
    """Has an ONNX form and no TFLite form."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x):
        return torch.linalg.det(self.linear(x).reshape(-1, 2, 2)).reshape(-1, 2)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda path: ec.export(nn.Linear(8, 4), torch.zeros(1, 9), path), "does not run on inputs of shape 9"),
        (lambda path: ec.export(nn.Linear(8, 4), torch.zeros(1, 8), path, "onnx"), r'as formats=\("onnx",\)'),
        (lambda path: ec.export(nn.Linear(8, 4), torch.zeros(1, 8), path, ["h5"]), "formats has 'h5'"),
        (lambda path: ec.export(nn.Linear(8, 4), torch.zeros(1, 8), path, output_names="ab"), "give as many names"),
        (lambda path: ec.export(Odd(), torch.zeros(1, 8), path), "leave 'tflite' out of formats"),
        (lambda path: ec.export("net.pt", torch.zeros(1, 8), path), "give a torch.nn.Module"),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_no_file(tmp_path, ask, said):
    with pytest.raises(InputError, match=said) as caught:
        ask(tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").glob("*"))
