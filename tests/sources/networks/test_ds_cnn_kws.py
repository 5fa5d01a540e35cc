import pytest
import torch

from edgecompress.errors import InputError
from edgecompress.sources.networks.ds_cnn_kws import ds_cnn_kws


def test_it_has_the_parameters_and_products_of_mlperf_tinys_file(folded):
    # Counted in kws_ref_model.tflite of github.com/mlcommons/tiny (1afd2c9).
    network = ds_cnn_kws(input_shape=(1, 49, 10), classes=12)
    assert folded(network, (1, 49, 10)) == (22_604, 2_656_768)


def test_the_shapes_between_its_layers(flow):
    table = flow(ds_cnn_kws(input_shape=(1, 49, 10), classes=12), (1, 49, 10))
    assert [shape for _, shape in table] == [(64, 25, 5)] * 9 + [(64, 1, 1), (12,)]


def test_it_takes_signals():
    assert ds_cnn_kws(input_shape=(9, 128), classes=6)(torch.zeros(2, 9, 128)).shape == (2, 6)


def test_the_smallest_input():
    assert ds_cnn_kws(input_shape=(1, 2, 2), classes=3).eval()(torch.zeros(2, 1, 2, 2)).shape == (2, 3)
    with pytest.raises(InputError, match="its smallest input is 1x2x2"):
        ds_cnn_kws(input_shape=(1, 49, 1), classes=3)
