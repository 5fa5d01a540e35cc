import pytest
import torch

from edgecompress.compress.reconstruct.inputs import calibration_inputs
from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.recipe import Reconstruction


def draw(normed, training, seed=1, **settings):
    return calibration_inputs(normed(), training, Reconstruction(**settings), seed=seed, progress=silent)


def test_as_many_as_asked_are_drawn_by_the_seed(normed):
    training = torch.arange(100.0).view(100, 1)
    drawn = draw(normed, training, samples=30)
    assert len(torch.unique(drawn)) == 30
    assert torch.equal(drawn, draw(normed, training, samples=30))
    assert not torch.equal(drawn, draw(normed, training, samples=30, seed=2))
    assert sorted(draw(normed, training, samples=500).view(-1).tolist()) == list(range(100))


def test_synthetic_inputs_look_at_no_data(normed):
    settings = {"inputs": "synthetic", "samples": 6, "steps": 2}
    made = draw(normed, torch.full((9, 2, 8, 8), torch.nan), **settings)
    assert made.shape == (6, 2, 8, 8)
    assert torch.equal(made, draw(normed, torch.zeros(0, 2, 8, 8), **settings))


def test_no_inputs_at_all_are_said(normed):
    with pytest.raises(InputError, match="no training inputs"):
        draw(normed, torch.zeros(0, 2, 8, 8))
