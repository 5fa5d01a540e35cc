import numpy as np
import pytest
import torch

from edgecompress.errors import InputError
from edgecompress.sources import datasets
from edgecompress.sources.built_in import built_in
from edgecompress.sources.load import save_checkpoint


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits", None, download=False)


def model(digits, name="alexnet", seed=1, checkpoint=None):
    return built_in(name, digits, width=0.125, seed=seed, checkpoint=checkpoint)


def test_the_seed_decides_the_weights_or_a_checkpoint_does(digits, tmp_path):
    one, same, other = (model(digits, seed=seed) for seed in (1, 1, 2))
    assert not one.trained
    assert all(torch.equal(tensor, same.module.state_dict()[name]) for name, tensor in one.module.state_dict().items())
    assert not torch.equal(one.module.conv1.weight, other.module.conv1.weight)
    save_checkpoint(other.module, tmp_path / "kept.safetensors")
    given = model(digits, checkpoint=tmp_path / "kept.safetensors")
    assert given.trained
    assert torch.equal(given.module.conv1.weight, other.module.conv1.weight)
    with pytest.raises(InputError, match=r"kept\.safetensors"):
        model(digits, "resnet18", checkpoint=tmp_path / "kept.safetensors")


def test_it_is_like_any_other_source_a_network_with_its_signature_and_graph(digits):
    found = model(digits)
    assert (found.name, found.built_in, found.by_name) == ("alexnet", True, False)
    assert found.signature.plain
    assert found.signature.inputs[0].shape == list(digits.input_shape)
    graph = found.graph(found.module).graph
    assert [value.name for value in (*graph.inputs, *graph.outputs)] == [
        end.name for end in (*found.signature.inputs, *found.signature.outputs)
    ]
    weight = graph.initializers["conv1.weight"].const_value.numpy()
    assert np.array_equal(weight, found.module.conv1.weight.detach().numpy())
