import pytest
import torch

from edgecompress.sources.graph.elementwise import FUNCTIONS
from edgecompress.sources.graph.node import Node


def test_the_onnx_project_s_tests_of_these_operators_pass_or_are_refused(passes):
    done, untested = passes(FUNCTIONS)
    assert done >= 190
    assert untested <= {"Cast", "CastLike"}


def test_casts_know_every_type_that_a_network_has_and_half_precision_stays_float32():
    x = torch.tensor([1.5, -2.7, 0.0])
    node = Node("Cast", {"to": 7}, 1, 18)
    assert torch.equal(FUNCTIONS["Cast"](node, x), torch.tensor([1, -2, 0]))
    assert FUNCTIONS["Cast"](Node("Cast", {"to": 10}, 1, 18), x).dtype == torch.float32
    assert FUNCTIONS["CastLike"](node, x, torch.zeros(1, dtype=torch.bool)).dtype == torch.bool
    with pytest.raises(ValueError, match="type 8"):
        FUNCTIONS["Cast"](Node("Cast", {"to": 8}, 1, 18), x)
