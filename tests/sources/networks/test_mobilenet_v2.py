from edgecompress.sources.networks.mobilenet_v2 import mobilenet_v2


def test_it_has_the_published_number_of_parameters():
    network = mobilenet_v2(input_shape=(3, 224, 224), classes=1000)
    assert sum(weight.numel() for weight in network.parameters()) == 3_504_872


def test_the_maps_between_its_blocks_at_224_are_those_of_the_paper(flow):
    sizes: dict[tuple[int, ...], None] = {}
    for name, shape in flow(mobilenet_v2(input_shape=(3, 224, 224), classes=10), (3, 224, 224)):
        if name in ("stem.conv", "last.conv", "average") or name.endswith("project.conv"):
            sizes[shape] = None
    assert list(sizes) == [
        (32, 112, 112),
        (16, 112, 112),
        (24, 56, 56),
        (32, 28, 28),
        (64, 14, 14),
        (96, 14, 14),
        (160, 7, 7),
        (320, 7, 7),
        (1280, 7, 7),
        (1280, 1, 1),
    ]
