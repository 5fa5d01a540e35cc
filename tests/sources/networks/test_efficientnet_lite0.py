from edgecompress.sources.networks.efficientnet_lite0 import efficientnet_lite0


def test_it_has_the_published_number_of_parameters():
    network = efficientnet_lite0(input_shape=(3, 224, 224), classes=1000)
    assert sum(weight.numel() for weight in network.parameters()) == 4_652_008


def test_the_maps_between_its_blocks_at_224_are_those_of_the_paper(flow):
    sizes: dict[tuple[int, ...], None] = {}
    for name, shape in flow(efficientnet_lite0(input_shape=(3, 224, 224), classes=10), (3, 224, 224)):
        if name in ("stem.conv", "last.conv", "average") or name.endswith("project.conv"):
            sizes[shape] = None
    assert list(sizes) == [
        (32, 112, 112),
        (16, 112, 112),
        (24, 56, 56),
        (40, 28, 28),
        (80, 14, 14),
        (112, 14, 14),
        (192, 7, 7),
        (320, 7, 7),
        (1280, 7, 7),
        (1280, 1, 1),
    ]
