import subprocess
import sys

import numpy as np
import onnx
import onnx_ir
import onnxruntime
import pytest
import torch
from torch import nn

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.sources import to_onnx as to_onnx_module
from edgecompress.sources.load import NETWORKS, network
from edgecompress.sources.to_onnx import grapher, to_onnx

PLAIN = {"Conv", "BatchNormalization", "Relu", "MaxPool", "GlobalAveragePool", "Add", "Flatten", "Gemm"}
OF_MOBILE_NETWORKS = {"Clip", "HardSwish", "HardSigmoid", "Mul"}
IMAGE, SIGNAL = (1, 32, 32), (9, 128)
# A long network takes ten seconds to export. These have the layers of MobileNetV2 and of VGG16.
COVERED = {"mobilenet-v1", "efficientnet-lite0", "vgg19bn"}
CASES = [(name, IMAGE) for name in methods.choices(NETWORKS) if name not in COVERED] + [
    (name, SIGNAL) for name in ("alexnet", "ds-cnn", "resnet18")
]


def trained_looking(name: str, shape: tuple[int, ...]) -> nn.Module:
    """A network whose BatchNorm statistics are not the trivial ones of a fresh one."""
    torch.manual_seed(0)
    module = network(name, shape, 5, width=0.125)
    module.train()
    with torch.no_grad():
        for _ in range(3):
            module(torch.randn(8, *shape))
    return module.eval()


def of_batchnorm(module: nn.Module) -> dict[str, np.ndarray]:
    """Scale and shift of each BatchNorm, with what its statistics do in them (Ioffe & Szegedy 2015, algorithm 2)."""
    found = {}
    for name, layer in module.named_modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            factor = layer.weight / torch.sqrt(layer.running_var + layer.eps)
            found[f"{name}.weight"] = factor.detach().numpy()
            found[f"{name}.bias"] = (layer.bias - layer.running_mean * factor).detach().numpy()
    return found


@pytest.mark.parametrize(("name", "shape"), CASES, ids=str)
def test_onnxruntime_computes_what_torch_does_from_a_plain_graph_with_the_same_weights(name, shape):
    module = trained_looking(name, shape)
    model = to_onnx(module, shape)
    proto = onnx_ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    assert {node.op_type for node in model.graph} <= PLAIN | OF_MOBILE_NETWORKS
    # Nothing but weights and structure: what an exporter notes on values costs bytes in every file.
    assert b"pkg.torch" not in proto.SerializeToString()
    norms = sum(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in module.modules())
    assert sum(node.op_type == "BatchNormalization" for node in model.graph) == norms
    state, moved = module.state_dict(), of_batchnorm(module)
    for weight, value in model.graph.initializers.items():
        array = value.const_value.numpy()
        if weight in moved:
            assert np.allclose(array, moved[weight], rtol=1e-6, atol=1e-7)
        elif weight in state:
            assert array.tobytes() == state[weight].contiguous().numpy().tobytes()
        elif array.shape == ():
            assert array in (0, 6)  # the limits of ReLU6
        else:
            assert weight.startswith(("mean", "var")), weight
            assert len(set(array.tolist())) == 1
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    for batch in (1, 3):
        x = torch.randn(batch, *shape)
        with torch.no_grad():
            expected = module(x).numpy()
        (produced,) = session.run(["logits"], {"input": x.numpy()})
        assert np.abs(produced - expected).max() <= 1e-5 * max(1.0, np.abs(expected).max())


def test_the_module_is_left_as_it_was_and_the_same_weights_give_the_same_bytes():
    module = trained_looking("resnet18", (1, 16, 16)).to(memory_format=torch.channels_last)
    module.train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    first, second = (onnx_ir.to_proto(to_onnx(module, (1, 16, 16))).SerializeToString(deterministic=True) for _ in "12")
    assert first == second
    assert module.training
    assert module.conv1.weight.is_contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_it_prints_nothing():
    code = (
        "from torch import nn\nfrom edgecompress.sources.to_onnx import to_onnx\n"
        "to_onnx(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (4,))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


class Branching(nn.Module):
    """Branches on its data, which no exporter can follow."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


def test_a_module_that_cannot_be_exported_is_one_line():
    with pytest.raises(InputError, match="Branching cannot be written as ONNX: ") as caught:
        to_onnx(Branching(), (4,))
    assert "\n" not in str(caught.value)


def test_a_bias_that_training_has_not_moved_from_zero_is_still_in_the_graph():
    module = network("alexnet", (9, 128), 6, width=0.125)
    assert not module.conv1.bias.any()
    assert set(to_onnx(module, (9, 128)).graph.initializers) == set(module.state_dict())


def small(channels: int, seed: int) -> nn.Module:
    """Few layers, since an exporter takes its time for each; the statistics of its BatchNorm are not trivial."""
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Conv1d(2, channels, 3), nn.BatchNorm1d(channels), nn.ReLU(), nn.Flatten())
    module.append(nn.Linear(6 * channels, 3))
    module(torch.randn(8, 2, 8))
    return module.eval()


def test_a_graph_that_was_traced_once_serves_every_network_of_its_architecture():
    first, second = small(4, seed=0), small(4, seed=1)
    graph = grapher((2, 8))
    graph(first)
    for module in (second, first):
        found = onnx_ir.to_proto(graph(module)).SerializeToString()
        assert found == onnx_ir.to_proto(to_onnx(module, (2, 8))).SerializeToString()


def test_a_network_in_many_states_is_exported_again_only_where_its_shapes_have_changed(monkeypatch):
    from edgecompress.compress.structure.shapes import load_state

    exports, export = [], torch.onnx.export
    monkeypatch.setattr(torch.onnx, "export", lambda *given, **named: exports.append(1) or export(*given, **named))
    module, other = small(4, seed=0), small(4, seed=1)
    graph = grapher((2, 8))
    found = [graph(module), graph(other)]
    assert len(exports) == 1
    load_state(module, small(2, seed=2).state_dict())
    found.append(graph(module))
    assert len(exports) == 2
    wanted = [to_onnx(each, (2, 8)) for each in (small(4, seed=0), other, module)]
    for one, two in zip(found, wanted, strict=True):
        assert onnx_ir.to_proto(one).SerializeToString() == onnx_ir.to_proto(two).SerializeToString()


def test_the_table_of_operators_is_made_once_and_is_the_exporters_own_again_afterwards(monkeypatch):
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    made, make = [], ONNXRegistry.from_torchlib
    monkeypatch.setattr(to_onnx_module, "_TABLES", {})
    monkeypatch.setattr(ONNXRegistry, "from_torchlib", lambda **named: made.append(1) or make(**named))
    own = ONNXRegistry.from_torchlib
    for seed in (0, 1):
        to_onnx(small(4, seed), (2, 8))
    assert made == [1]
    assert ONNXRegistry.from_torchlib is own
