from edgecompress.sources.networks.mobilenet_v1 import mobilenet_v1


def test_it_has_the_published_number_of_parameters():
    network = mobilenet_v1(input_shape=(3, 224, 224), classes=1000)
    assert sum(weight.numel() for weight in network.parameters()) == 4_231_976


def test_the_maps_between_its_blocks_at_224_are_those_of_the_paper(flow):
    sizes: dict[tuple[int, ...], None] = {}
    for name, shape in flow(mobilenet_v1(input_shape=(3, 224, 224), classes=10), (3, 224, 224)):
        if name in ("stem.conv", "last.conv", "average") or name.endswith("pointwise.conv"):
            sizes[shape] = None
    assert list(sizes) == [
        (32, 112, 112),
        (64, 112, 112),
        (128, 56, 56),
        (256, 28, 28),
        (512, 14, 14),
        (1024, 7, 7),
        (1024, 1, 1),
    ]


def test_a_quarter_of_it_at_96_has_the_parameters_and_products_of_mlperf_tinys_file(folded):
    # Counted in vww_96_float.tflite of github.com/mlcommons/tiny (1afd2c9).
    network = mobilenet_v1(input_shape=(3, 96, 96), classes=2, width=0.25)
    assert folded(network, (3, 96, 96)) == (210_850, 7_489_664)
