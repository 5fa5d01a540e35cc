import numpy as np

from edgecompress.compress.prune.scopes.contract import ScoredLayer
from edgecompress.compress.prune.scopes.layer import layer


def test_every_layer_gives_the_same_fraction_whatever_its_scores():
    sizes = {"a": 10, "b": 200, "c": 1}
    layers = {name: ScoredLayer(np.full(n, n, dtype=np.float32), (1, n)) for name, n in sizes.items()}
    assert layer(layers, 0.9, limit=0.5) == {"a": 9, "b": 180, "c": 1}
    assert layer(layers, 0.0, limit=1.0) == {"a": 0, "b": 0, "c": 0}
    assert layer(layers, 1.0, limit=1.0) == sizes
