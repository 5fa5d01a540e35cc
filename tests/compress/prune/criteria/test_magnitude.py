import torch

from edgecompress.compress.prune.criteria.magnitude import magnitude


def test_scores_are_absolute_values_in_the_weight_s_shape():
    weight = torch.tensor([[-3.0, 0.5], [0.0, -0.25]], requires_grad=True)
    scores = magnitude(weight)
    assert scores.tolist() == [[3.0, 0.5], [0.0, 0.25]]
    assert not scores.requires_grad
