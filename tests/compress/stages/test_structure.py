import pytest

from edgecompress.compress.stages.structure import RemoveChannels
from edgecompress.errors import InputError

from .conftest import run

TABLE = {"epochs": 2, "rounds": 2, "macs": 0.6, "align": 1, "batch_size": 32, "learning_rate": 0.05, "augment": False}


def test_its_epochs_are_those_of_all_rounds_and_nothing_of_these_is_kept(network, context, tmp_path):
    given = context(structure=TABLE)
    _, result = run(network, given)
    assert [stage.epochs for stage in result.stages] == [3, 4, 2, 2, 2]
    assert RemoveChannels().epochs(given.recipe) == 4
    assert len([path for path in (tmp_path / "checkpoints").iterdir() if path.suffix == ".safetensors"]) == 5


def test_what_cannot_be_reached_is_said_before_anything_is_trained(network, context):
    told = []
    with pytest.raises(InputError, match="cannot be reached"):
        run(network, context(structure={**TABLE, "macs": 0.01}, progress=lambda *said: told.append(said)))
    assert not told
