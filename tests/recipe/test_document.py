import pytest

from edgecompress import recipe
from edgecompress.errors import InputError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("export.encoding=tiny", "export.encoding: .*given 'tiny'"),
        ("export.tflite_weights=int4", "export.tflite_weights: .*given 'int4'"),
        ("export.int8=maybe", "export.int8: .*given 'maybe'"),
        ("export.int8_of=[]", "export.int8_of: .*at least 1"),
        ('export.int8_of=["sparse"]', "export.int8_of.0: .*given 'sparse'"),
        ("export.int8_samples=0", "export.int8_samples: must be at least 1"),
        ("export.int4=true", "unknown key 'export.int4'"),
        ("distill.temperature=0", "distill.temperature"),
        ("reconstruct.inputs=random", "reconstruct.inputs: .*given 'random'"),
        ("reconstruct.samples=1", "reconstruct.samples"),
        ("distill.stages=[]", "distill.stages"),
    ],
)
def test_a_wrong_value_of_the_other_tables_is_one_line(load, change, message):
    with pytest.raises(InputError, match=message) as caught:
        load(change, before="seed = 1\n")
    assert "\n" not in str(caught.value)


def test_one_change_is_enough_to_distil_and_without_it_nothing_does(load):
    assert load().distill is None
    distilled = load("distill.weight=0.7").distill
    assert (distilled.weight, distilled.stages) == (0.7, ("retrain",))


def test_one_change_is_enough_to_reconstruct_and_without_it_everything_trains(load):
    assert load().reconstruct is None
    found = load("reconstruct.inputs=synthetic").reconstruct
    assert (found.inputs, found.samples, found.masks) == ("synthetic", 256, "obs")


def test_the_last_matching_pattern_says_how_a_layer_differs(load):
    loaded = load(after='[layers."conv*"]\nsparsity = 0.5\n[layers.conv1]\ndense = true\n')
    assert loaded.layer("conv2").sparsity == 0.5
    assert loaded.layer("conv1").dense
    assert loaded.layer("head") == recipe.Layer()


def test_kinds_give_way_to_the_layers_of_a_network_in_their_place(load):
    loaded = load(after='[layers.a]\nbits = 1\n[layers."kind:conv"]\nbits = 2\n[layers."b*"]\nbits = 3\n')
    named = loaded.named({"a": "conv", "b1": "conv", "c[0]": "conv", "d": "linear"})
    assert [named.layer(name).bits for name in ("a", "b1", "c[0]", "d")] == [2, 3, 2, None]
    assert loaded.named({"d": "linear"}).layer("a").bits == 1


def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are(load):
    with pytest.raises(InputError, match="'kind:dw' is no kind of layer; there are kind:pointwise, kind:depthwise"):
        load(after='[layers."kind:dw"]\nbits = 2\n')


def test_added_keys_decide_nothing_until_they_are_set(load):
    """Checkpoints that were kept before there were such keys are found under the same key."""
    plain = load()
    stage = ["epochs", "learning_rate", "final_rate", "warmup", "batch_size", "label_smoothing", "augment"]
    first = [*stage, "method", "bits", "centroid_dtype"]
    assert sorted(recipe.deciding(plain.cluster)) == sorted(first)
    assert recipe.deciding(recipe.Layer(bits=3)) == {"dense": False, "sparsity": None, "bits": 3}
    assert plain.prune.model_dump().keys() - recipe.deciding(plain.prune).keys() == {"pattern", "steps"}
    changed = load("cluster.granularity=model", "layers.head.granularity=layer")
    assert recipe.deciding(changed.cluster)["granularity"] == "model"
    assert recipe.deciding(changed.layer("head"))["granularity"] == "layer"
