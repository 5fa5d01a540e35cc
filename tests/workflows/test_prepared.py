import pytest
import torch

from edgecompress import recipe
from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.sources import datasets
from edgecompress.sources.load import save_checkpoint
from edgecompress.workflows.prepared import fresh, identity_of
from edgecompress.workflows.request import Source

CHANGES = ("width=0.125",)


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits", None, download=False, progress=silent)


def chosen(*changes):
    return recipe.load("alexnet-digits", (*CHANGES, *changes))


def test_the_seed_of_the_recipe_decides_the_weights_or_a_checkpoint_does(digits, tmp_path):
    one, same, other = (fresh(Source(), chosen(f"seed={seed}"), digits).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(tensor, same[name]) for name, tensor in one.items())
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])
    network = fresh(Source(), chosen("seed=2"), digits)
    save_checkpoint(network, tmp_path / "kept.safetensors")
    given = fresh(Source(checkpoint=tmp_path / "kept.safetensors"), chosen("seed=1"), digits).state_dict()
    assert torch.equal(given["conv1.weight"], other["conv1.weight"])
    with pytest.raises(InputError, match=r"kept\.safetensors"):
        fresh(Source(model="resnet18", checkpoint=tmp_path / "kept.safetensors"), chosen(), digits)


def test_an_identity_is_of_model_data_and_checkpoint(digits, tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    found = [
        identity_of("alexnet", digits),
        identity_of("resnet18", digits),
        identity_of("alexnet", digits, tmp_path / "a"),
        identity_of("alexnet", digits, resolution=64),
    ]
    assert all(found.count(each) == 1 for each in found)
