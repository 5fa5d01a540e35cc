import pytest

from edgecompress.errors import InputError
from edgecompress.sources.networks._residual import residual


def test_the_first_stage_alone_keeps_the_size(flow):
    network = residual("two", ((8, 1), (16, 3)), input_shape=(3, 12, 12), classes=4, width=1)
    shapes = [shape for name, shape in flow(network, (3, 12, 12)) if name.endswith("conv2")]
    assert shapes == [(8, 12, 12)] + [(16, 6, 6)] * 3


def test_its_name_stands_in_a_refusal():
    with pytest.raises(InputError, match="two: 0 classes"):
        residual("two", ((8, 1),), input_shape=(3, 12, 12), classes=0, width=1)
