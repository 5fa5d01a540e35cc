from edgecompress.sources.networks.mobilenet_v3_small import mobilenet_v3_small


def test_it_has_the_published_number_of_parameters():
    network = mobilenet_v3_small(input_shape=(3, 224, 224), classes=1000)
    assert sum(weight.numel() for weight in network.parameters()) == 2_542_856


def test_the_maps_between_its_blocks_at_224_are_those_of_the_paper(flow):
    sizes: dict[tuple[int, ...], None] = {}
    for name, shape in flow(mobilenet_v3_small(input_shape=(3, 224, 224), classes=10), (3, 224, 224)):
        if name in ("stem.conv", "last.conv", "average") or name.endswith("project.conv"):
            sizes[shape] = None
    assert list(sizes) == [
        (16, 112, 112),
        (16, 56, 56),
        (24, 28, 28),
        (40, 14, 14),
        (48, 14, 14),
        (96, 7, 7),
        (576, 7, 7),
        (576, 1, 1),
    ]
