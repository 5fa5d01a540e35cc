import resource
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.sources.load import NETWORKS, load_checkpoint, network, save_checkpoint, seeded


def small(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return network("vgg16bn", (1, 32, 32), 4, width=0.125)


def test_a_checkpoint_brings_every_weight_and_statistic_back(tmp_path):
    first, second = small(0), small(1)
    first.norm1.running_mean += 3
    save_checkpoint(first, tmp_path / "c.safetensors")
    load_checkpoint(second, tmp_path / "c.safetensors")
    assert all(torch.equal(t, second.state_dict()[name]) for name, t in first.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("conv3.weight"), "has no 'conv3.weight'"),
        (lambda s: s.update({"conv1.weight": torch.zeros(2, 2)}), r"'conv1.weight' has shape \[2, 2\]"),
        (lambda s: s["norm2.running_var"].fill_(float("nan")), "'norm2.running_var' holds NaN"),
        (lambda s: s["conv1.bias"].fill_(float("inf")), "'conv1.bias' holds NaN or infinite"),
        (lambda s: s.update({"classifier.6.weight": torch.zeros(2)}), "no 'classifier.6.weight'"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, message):
    state = {name: tensor.clone().contiguous() for name, tensor in small().state_dict().items()}
    change(state)
    save_file(state, tmp_path / "c.safetensors")
    with pytest.raises(InputError, match=message) as caught:
        load_checkpoint(small(), tmp_path / "c.safetensors")
    assert "\n" not in str(caught.value)


def test_batchnorm_s_step_counter_may_be_missing(tmp_path):
    state = {n: t.clone().contiguous() for n, t in small(0).state_dict().items() if "num_batches" not in n}
    save_file(state, tmp_path / "c.safetensors")
    module = small(1)
    load_checkpoint(module, tmp_path / "c.safetensors")
    assert torch.equal(module.conv1.weight, state["conv1.weight"])


@pytest.mark.parametrize("content", [b"", b"not safetensors", b"\x80\x04pickle"])
def test_what_is_no_checkpoint_is_one_line(tmp_path, content):
    path = tmp_path / "c.safetensors"
    path.write_bytes(content)
    for broken in (path, tmp_path / "absent.safetensors"):
        with pytest.raises(InputError, match="cannot read the checkpoint"):
            load_checkpoint(small(), broken)


def test_a_misspelt_network_is_corrected():
    with pytest.raises(InputError, match="unknown network 'vgg16'; did you mean 'vgg16bn'"):
        network("vgg16", (1, 32, 32), 4)


SHAPES = (((3, 32, 32), 10), ((1, 32, 32), 10), ((9, 128), 6))


@pytest.mark.parametrize("name", methods.choices(NETWORKS))
def test_the_page_on_models_states_every_network_s_parameters(name):
    counts = [sum(w.numel() for w in network(name, shape, classes).parameters()) for shape, classes in SHAPES]
    row = " | ".join([f"| `{name}`", *(f"{count:,}" for count in counts)])
    assert row in (Path(__file__).parents[2] / "docs/models.md").read_text(encoding="utf-8")


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(small(0), path)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_checkpoint(small(1), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [each.name for each in tmp_path.iterdir()] == ["c.safetensors"]
    assert path.read_bytes() == before


def test_a_seed_gives_the_same_weights_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (seeded("alexnet", (1, 32, 32), 10, width=0.125, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [next(iter(each.parameters())) for each in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
