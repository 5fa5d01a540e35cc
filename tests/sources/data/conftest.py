import pytest

from edgecompress.manifest import End
from edgecompress.sources.signature import Signature


@pytest.fixture
def signature():
    """``ends(classes, shape)`` of a network of one input."""

    def make(classes, shape=(1, 4, 4)):
        return Signature(
            (End(name="x", shape=list(shape), dtype="float32"),),
            (End(name="y", shape=[classes], dtype="float32"),),
        )

    return make
