import pytest
import torch

from edgecompress.compress.stages.retrain import Retrain
from edgecompress.errors import CheckError


def test_a_zero_that_is_trained_is_found_and_so_is_one_more(context):
    zeros = {"head": torch.tensor([True, False, False])}
    Retrain().ensures(zeros, {"head": torch.tensor([0.0, 1.0, 2.0])}, context().recipe)
    for wrong in ([1.0, 1.0, 2.0], [0.0, 0.0, 2.0]):
        with pytest.raises(CheckError, match="retrain: layer 'head' had 1 zeros"):
            Retrain().ensures(zeros, {"head": torch.tensor(wrong)}, context().recipe)
