import onnx_ir as ir
import onnxruntime
import pytest
import torch
from safetensors.torch import save_file

from edgecompress.compress.layers import compressible
from edgecompress.errors import InputError
from edgecompress.recipe import load
from edgecompress.sources.factory import factory
from edgecompress.sources.read import inputs_of
from edgecompress.sources.signature import join


def session(model):
    content = ir.to_proto(model.graph(model.module)).SerializeToString()
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def test_a_function_s_network_is_exported_under_the_names_of_its_inputs(here):
    model = factory("nets:two", inputs_of(["tokens=5:int64", "x=4"]), None)
    join(model.module, model.signature)
    run = session(model)
    assert [each.name for each in run.get_inputs()] == ["tokens", "x"]
    assert [each.name for each in run.get_outputs()] == [end.name for end in model.signature.outputs]
    assert [end.shape for end in model.signature.outputs] == [[8], [1]]
    assert not model.trained


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_a_checkpoint_gives_the_weights_whichever_way_it_is_saved(here, name):
    model = factory("nets:make", inputs_of(["1x8x8"]), None)
    state = {key: torch.full_like(tensor, 2) for key, tensor in model.module.state_dict().items()}
    if name.endswith("pt"):
        torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, here / name)
    else:
        save_file(state, here / name)
    given = factory("nets:make", inputs_of(["1x8x8"]), here / name)
    assert given.trained
    assert all(torch.equal(tensor, state[key]) for key, tensor in given.module.state_dict().items())


def test_tied_weights_are_one_weight_from_the_checkpoint_to_the_file(here):
    made = factory("nets:tied", inputs_of(["8"]), None)
    state = made.module.state_dict()
    save_file({key: tensor for key, tensor in state.items() if key != "second.weight"}, here / "w.safetensors")
    model = factory("nets:tied", inputs_of(["8"]), here / "w.safetensors")
    assert model.module.second.weight is model.module.first.weight
    weights = compressible(model.module, load("any"))
    assert list(weights) == ["first"]
    with torch.no_grad():
        weights["first"].mul_(0.5)
    matrices = [value for value in model.graph(model.module).graph.initializers.values() if len(value.shape) == 2]
    assert len(matrices) == 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nets:number", "returned a int, not a torch.nn.Module"),
        ("nets:hollow", "without weights"),
        ("nets:tied", "does not run on inputs of shape 1x8x9"),
    ],
)
def test_what_is_no_network_is_one_line(here, spec, message):
    with pytest.raises(InputError, match=message):
        factory(spec, inputs_of(["1x8x9"]), None)


def test_a_pickle_and_weights_of_another_network_are_refused(here):
    torch.save({"network": torch.nn.Linear(2, 2)}, here / "w.pt")
    with pytest.raises(InputError, match="no pickle is loaded here"):
        factory("nets:make", inputs_of(["1x8x8"]), here / "w.pt")
    torch.save([1, 2], here / "w.pt")
    with pytest.raises(InputError, match="no weights of this network: it has a list"):
        factory("nets:make", inputs_of(["1x8x8"]), here / "w.pt")
    (here / "w.pt").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="holds more than tensors"):
        factory("nets:make", inputs_of(["1x8x8"]), here / "w.pt")
    save_file({"conv.weight": torch.zeros(8, 1, 3, 3)}, here / "w.safetensors")
    with pytest.raises(InputError, match=r"has no 'conv.bias'"):
        factory("nets:make", inputs_of(["1x8x8"]), here / "w.safetensors")


NORMED = """
import torch
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.parametrizations import weight_norm


def normed():
    torch.manual_seed(0)
    return nn.Sequential(weight_norm(nn.Conv2d(1, 4, 3)), nn.Flatten(), nn.Linear(144, 2))


def pruned():
    made = plain()
    prune.l1_unstructured(made[0], "weight", 0.5)
    return made


def plain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 2))


def parallel():
    return nn.DataParallel(torch.compile(plain()))


def unsteady():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))
"""


def test_computed_weights_are_plain_from_the_start_and_checkpoints_of_either_kind_fit(here):
    (here / "normed.py").write_text(NORMED)
    shape, names = inputs_of(["1x8x8"]), {"0.weight", "0.bias", "2.weight", "2.bias"}
    made = factory("normed:normed", shape, None)
    assert set(made.module.state_dict()) == names
    import normed

    trained = normed.normed()
    with torch.no_grad():
        trained[0].parametrizations.weight.original0.mul_(3)
    torch.save({"model_state_dict": trained.state_dict()}, here / "computed.pt")
    torch.save({"state_dict": {f"model.{n}": t for n, t in made.module.state_dict().items()}}, here / "plain.ckpt")
    computed = factory("normed:normed", shape, here / "computed.pt")
    assert torch.allclose(computed.module[0].weight, trained[0].weight, atol=1e-6)
    assert torch.equal(factory("normed:normed", shape, here / "plain.ckpt").module[0].weight, made.module[0].weight)
    masked = factory("normed:pruned", shape, None).module
    assert int((masked[0].weight == 0).sum()) == 18
    torch.save(normed.pruned().state_dict(), here / "masked.pth.tar")
    for name in ("normed:plain", "normed:pruned"):
        assert torch.equal(factory(name, shape, here / "masked.pth.tar").module[0].weight, masked[0].weight)


def test_a_network_that_comes_wrapped_is_taken_out(here):
    (here / "wrapped.py").write_text(NORMED)
    assert "0.weight" in factory("wrapped:parallel", inputs_of(["1x8x8"]), None).module.state_dict()


def test_what_a_network_says_of_a_sample_must_not_depend_on_others(here):
    (here / "unsteady.py").write_text(NORMED)
    with pytest.raises(InputError, match="the BatchNorm '1' has no running statistics"):
        factory("unsteady:unsteady", inputs_of(["1x8x8"]), None)
