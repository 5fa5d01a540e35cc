def test_the_layers_and_where_the_search_of_each_ends(layers):
    conv, wide, narrow = layers()
    assert [each.name for each in (conv, wide, narrow)] == ["conv", "wide", "narrow"]
    assert (conv.weights, wide.weights, narrow.weights) == (72, 288 * 64, 256)
    assert wide.most_sparsity == 0.995
    assert conv.most_sparsity == 1 - 1 / 9  # a weight an output channel
    assert narrow.most_bits == 8


def test_a_dense_layer_is_left_alone(layers):
    assert [each.name for each in layers(layers={"narrow": {"dense": True}})] == ["conv", "wide"]


def test_what_a_pattern_or_shared_centroids_decide_is_not_searched(layers):
    fixed = layers(prune__pattern=None, layers={"wide": {"pattern": "2:4"}})
    assert [each.prunable for each in fixed] == [True, False, True]
    pooled = layers(cluster__granularity="model", layers={"narrow": {"bits": 4}})
    assert [each.most_bits for each in pooled] == [0, 0, 8]


def test_groups_of_channels_share_a_palette_of_256(layers):
    # 64 output channels in 4 groups: at most 64 values each
    grouped = layers(cluster__granularity="channel-group", cluster__group_size=16)
    assert [each.most_bits for each in grouped] == [8, 6, 8]
