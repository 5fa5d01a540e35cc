from types import SimpleNamespace

import pytest
from torch import nn

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.recipe import load
from edgecompress.sources.signature import Signature
from edgecompress.sources.untrained import why_untrained, without_training


def model(module, outputs=3, why_not_run=None):
    signature = Signature(
        (End(name="x", shape=[4], dtype="float32"),), (End(name="y", shape=[outputs], dtype="float32"),)
    )
    return SimpleNamespace(module=module, signature=signature, why_not_run=why_not_run)


def test_why_nothing_is_trained():
    data = SimpleNamespace(classes=("a", "b", "c"))
    assert why_untrained(model(nn.Linear(4, 3)), data, "x.npz") is None
    assert why_untrained(model(nn.Linear(4, 3)), data, "none") == "no data were given"
    assert why_untrained(model(nn.Linear(4, 3), why_not_run="so"), data, "x.npz") == "so"
    without = SimpleNamespace(classes=())
    assert "not a score for each class" in why_untrained(model(nn.Linear(4, 1), outputs=1), without, "x.npz")
    assert why_untrained(model(nn.Linear(4, 3)), without, "x.npz") == "the data have no classes"


@pytest.mark.parametrize(
    ("module", "samples", "inputs"),
    [
        (nn.Linear(4, 3), 9, "training"),
        (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), 0, "synthetic"),
        (nn.Linear(4, 3), 0, None),
    ],
)
def test_what_is_done_instead(module, samples, inputs):
    chosen, how = without_training(load("any"), model(module), samples)
    assert (chosen.reconstruct.inputs if chosen.reconstruct else None) == inputs
    assert chosen.prune.epochs == chosen.retrain.epochs == chosen.cluster.epochs == 0
    assert how


def test_int8_needs_classes():
    with pytest.raises(InputError, match="needs data with classes"):
        without_training(load("any", {"export.int8": True}), model(nn.Linear(4, 3)), 9)
