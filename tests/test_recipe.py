import pytest

from edgecompress import recipe, shipped
from edgecompress.errors import InputError

MINIMAL = """
[train]
epochs = 1
learning_rate = 0.1
[prune]
epochs = 1
learning_rate = 0.1
sparsity = 0.9
[retrain]
epochs = 1
learning_rate = 0.1
[cluster]
epochs = 1
bits = 5
"""


@pytest.fixture
def file(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "r.toml"
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("name", shipped.names("recipes"))
def test_every_shipped_recipe_is_valid(name):
    recipe.load(name)


def test_a_model_s_own_recipe_for_a_data_set_goes_before_its_general_one():
    assert recipe.default_name("alexnet", "digits") == "alexnet-digits"
    assert recipe.default_name("vgg19bn", "no-such-data") == "vgg19bn"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("prune.sparsity=1.5", "prune.sparsity: .*less than or equal to 1"),
        ("prune.sparsty=0.5", "unknown key 'prune.sparsty'"),
        ("cluster.bits=0", "cluster.bits"),
        ("cluster.bits=2.5", "cluster.bits"),
        ("train.epochs=-1", "train.epochs"),
        ("prune.sparsity=nan", "prune.sparsity"),
        ("seed", "is not a change to a recipe"),
        ("seed.x=1", "seed is a value"),
        ("export.encoding=tiny", "export.encoding: .*given 'tiny'"),
        ("export.tflite_weights=int4", "export.tflite_weights: .*given 'int4'"),
        ("export.int8=maybe", "export.int8: .*given 'maybe'"),
        ("export.int8_of=[]", "export.int8_of: .*at least 1"),
        ('export.int8_of=["sparse"]', "export.int8_of.0: .*given 'sparse'"),
        ("export.int8_samples=0", "export.int8_samples: .*greater than or equal to 1"),
        ("export.int4=true", "unknown key 'export.int4'"),
        ("structure.rounds=2", "structure: set either latency or macs, a fraction of the dense network's"),
        ("structure={latency=0.3, macs=0.3}", "structure: set either latency or macs"),
        ("structure.latency=1.0", "structure.latency: .*less than 1"),
        ("structure.runtime=tvm", "structure.runtime: .*given 'tvm'"),
        ("retrain.rewind=wieghts", "retrain.rewind: .*given 'wieghts'"),
        ("prune.steps=0", "prune.steps"),
        ("distill.temperature=0", "distill.temperature"),
        ("reconstruct.inputs=random", "reconstruct.inputs: .*given 'random'"),
        ("reconstruct.samples=1", "reconstruct.samples"),
        ("distill.stages=[]", "distill.stages"),
        ("cluster.granularity=channel", "cluster.granularity: .*given 'channel'"),
        ("cluster.group_size=0", "cluster.group_size"),
        ("cluster.temperature=0", "cluster.temperature"),
        ("cluster.training=hard", "cluster.training: .*given 'hard'"),
    ],
)
def test_a_wrong_change_is_one_line(file, change, message):
    with pytest.raises(InputError, match=message) as caught:
        recipe.load(file("seed = 1\n" + MINIMAL), [change])
    assert "\n" not in str(caught.value)


def test_changes_are_applied_in_order_and_words_need_no_quotes(file):
    changed = recipe.load(
        file(MINIMAL), ["prune.sparsity=0.5", "prune.sparsity=0.95", "prune.scope=layer", "layers.head.bits=8"]
    )
    assert changed.prune.sparsity == 0.95
    assert changed.prune.scope == "layer"
    assert changed.layer("head").bits == 8


def test_one_change_is_enough_to_distil_and_without_it_nothing_does(file):
    assert recipe.load(file(MINIMAL)).distill is None
    distilled = recipe.load(file(MINIMAL), ["distill.weight=0.7"]).distill
    assert (distilled.weight, distilled.stages) == (0.7, ("retrain",))


def test_one_change_is_enough_to_reconstruct_and_without_it_everything_trains(file):
    assert recipe.load(file(MINIMAL)).reconstruct is None
    found = recipe.load(file(MINIMAL), ["reconstruct.inputs=synthetic"]).reconstruct
    assert (found.inputs, found.samples, found.masks) == ("synthetic", 256, "obs")


def test_the_last_matching_pattern_says_how_a_layer_differs(file):
    text = MINIMAL + '[layers."conv*"]\nsparsity = 0.5\n[layers.conv1]\ndense = true\n'
    loaded = recipe.load(file(text))
    assert loaded.layer("conv2").sparsity == 0.5
    assert loaded.layer("conv1").dense
    assert loaded.layer("head") == recipe.Layer()


def test_added_keys_decide_nothing_until_they_are_set(file):
    """Checkpoints that were kept before there were such keys are found under the same key."""
    plain = recipe.load(file(MINIMAL))
    stage = ["epochs", "learning_rate", "final_rate", "warmup", "batch_size", "label_smoothing", "augment"]
    first = [*stage, "method", "bits", "centroid_dtype"]
    assert sorted(recipe.deciding(plain.cluster)) == sorted(first)
    assert recipe.deciding(recipe.Layer(bits=3)) == {"dense": False, "sparsity": None, "bits": 3}
    assert plain.prune.model_dump().keys() - recipe.deciding(plain.prune).keys() == {"pattern", "steps"}
    changed = recipe.load(file(MINIMAL), ["cluster.granularity=model", "layers.head.granularity=layer"])
    assert recipe.deciding(changed.cluster)["granularity"] == "model"
    assert recipe.deciding(changed.layer("head"))["granularity"] == "layer"
