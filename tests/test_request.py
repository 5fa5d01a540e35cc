import pytest
import torch

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.request import Request, prepare

SMALL = ("width=0.125",)


def prepared(tmp_path, **changes):
    request = Request(**{"target": "host", "changes": SMALL, "cache_dir": tmp_path, **changes})
    return prepare(request, progress=silent, warn=pytest.fail)


def test_the_same_request_is_the_same_network_data_and_identity(tmp_path):
    torch.manual_seed(5)
    one = prepared(tmp_path)
    torch.manual_seed(6)
    two = prepared(tmp_path)
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, two.network.state_dict()[name])
    assert torch.equal(one.context.training.x, two.context.training.x)
    assert one.context.identity == two.context.identity


def test_another_model_or_checkpoint_is_another_identity(tmp_path):
    from edgecompress.model.load import save_checkpoint

    own = prepared(tmp_path)
    save_checkpoint(own.network, tmp_path / "own.safetensors")
    given = prepared(tmp_path, checkpoint=tmp_path / "own.safetensors")
    other = prepared(tmp_path, model="resnet18")
    identities = [each.context.identity for each in (own, given, other)]
    assert all(identities.count(identity) == 1 for identity in identities)


def test_a_misspelt_network_is_named_before_its_recipe_is_looked_for(tmp_path):
    with pytest.raises(InputError, match="alexnett"):
        prepared(tmp_path, model="alexnett")


def test_latency_is_measured_only_where_channels_are_removed(tmp_path):
    assert prepared(tmp_path).context.latency is None
    assert prepared(tmp_path, changes=(*SMALL, "structure.macs=0.5")).context.latency is not None
