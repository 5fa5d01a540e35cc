import numpy as np

from edgecompress.formats.graphs import initializers


def test_the_initialisers_of_the_types_that_are_asked_for(network, weights):
    graph = network()
    found = initializers(graph, np.float32)
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[name], array) for name, array in weights.items())
    assert initializers(graph, np.int8, np.float16) == {}
