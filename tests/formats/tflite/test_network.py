import json
import os
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from torch import nn

import edgecompress
from edgecompress.compress.cluster.codebook import stored
from edgecompress.errors import CheckError, InputError
from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite import network as module
from edgecompress.formats.tflite.inspection import decoded_weights_tflite, inspect_tflite
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.pack import pack_tflite
from edgecompress.formats.tflite.reader import constants as read_constants
from edgecompress.formats.tflite.reader import read
from edgecompress.formats.tflite.runtimes import TFLITE_RUNTIME, runtimes
from edgecompress.sources.networks.resnet18 import resnet18
from edgecompress.sources.networks.vgg16bn import vgg16bn
from edgecompress.sources.to_onnx import to_onnx

# A malformed file can kill the process that loads it; this one is not ours.
_RUN = """
import sys
import numpy as np
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter
file, x, y = sys.argv[1:]
interpreter = Interpreter(file, num_threads=1)
runner = interpreter.get_signature_runner("serving_default")
np.save(y, runner(input=np.load(x))["logits"])
"""


def _run(python: str, file: Path, x: np.ndarray) -> np.ndarray:
    given, written = file.with_suffix(".x.npy"), file.with_suffix(".y.npy")
    np.save(given, np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    subprocess.run([python, "-c", _RUN, file, given, written], check=True, capture_output=True, timeout=120)
    return np.load(written)


class Residual(nn.Module):
    """conv-bn-relu, a strided residual block with a depthwise convolution, pools, dropout, two linear layers."""

    def __init__(self, conv, norm, pool, channels, features):
        super().__init__()
        self.stem, self.stem_norm = conv(channels, 16, 3, padding=1, bias=False), norm(16)
        self.depthwise, self.depthwise_norm = conv(16, 16, 3, stride=2, padding=1, groups=16, bias=False), norm(16)
        self.point, self.point_norm = conv(16, 32, 1, bias=False), norm(32)
        self.shortcut = conv(16, 32, 1, stride=2)
        self.pool = pool(2)
        self.wide, self.drop, self.head = nn.Linear(features, 64), nn.Dropout(), nn.Linear(64, 10)

    def forward(self, x):
        x = torch.relu(self.stem_norm(self.stem(x)))
        y = nn.functional.relu6(self.depthwise_norm(self.depthwise(x)))
        y = torch.relu(self.point_norm(self.point(y)) + self.shortcut(x))
        y = torch.flatten(self.pool(y), 1)
        return torch.softmax(self.head(self.drop(torch.relu(self.wide(y)))), 1)


def _resnet18(shape):
    return resnet18(input_shape=shape, classes=10, width=0.125)


def _vgg16bn(shape):
    return vgg16bn(input_shape=shape, classes=10, width=0.125)


def _residual(shape):
    if len(shape) == 3:
        return Residual(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, 3, 32 * 4 * 5)
    return Residual(nn.Conv1d, nn.BatchNorm1d, nn.AvgPool1d, 9, 32 * 16)


NETWORKS = {
    "residual-2d": (_residual, (3, 16, 20)),
    "residual-1d": (_residual, (9, 64)),
    "resnet18-2d": (_resnet18, (3, 32, 32)),
    "vgg16bn-1d": (_vgg16bn, (9, 128)),
}


@pytest.fixture(scope="module", params=list(NETWORKS))
def network(request):
    """A pruned, clustered network with BatchNormalization as ONNX, and an input of it."""
    torch.manual_seed(0)
    make, shape = NETWORKS[request.param]
    module = make(shape)
    for name, value in module.named_buffers():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            value.normal_(0, 0.2)
    for value in module.parameters():
        if value.ndim > 1:
            kept = torch.rand_like(value) < 0.2
            value.data = torch.where(kept, (value.data / value.data.std()).round().clamp(-4, 4) * 0.08, 0)
    x = np.random.default_rng(1).normal(0, 1, (1, *shape)).astype(np.float32)
    return to_onnx(module, shape), x


def _reference(model, x):
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": x})[0]


def test_the_dense_file_computes_what_onnxruntime_does(network, tmp_path):
    model, x = network
    ledger = write_tflite(model, tmp_path / "dense.tflite", compress=False)
    assert {entry.encoding for entry in ledger.tensors} == {"float32"}
    found = _run(sys.executable, tmp_path / "dense.tflite", x)
    np.testing.assert_allclose(found, _reference(model, x), rtol=0, atol=1e-6)


def test_the_compressed_file_is_smaller_and_off_by_float16_rounding_alone(network, tmp_path):
    model, x = network
    dense = write_tflite(model, tmp_path / "dense.tflite", compress=False)
    ledger = write_tflite(model, tmp_path / "small.tflite", compress=True)
    assert ledger.file_bytes < dense.file_bytes / 3
    assert ledger.dense_bytes == dense.dense_bytes
    assert "csr-float16" in {entry.encoding for entry in ledger.tensors}
    found = _run(sys.executable, tmp_path / "small.tflite", x)
    np.testing.assert_allclose(found, _reference(model, x), rtol=0, atol=1e-3)

    # The rounding aside nothing changed.
    exact = decoded_weights_tflite(tmp_path / "dense.tflite")
    halves = {entry.name for entry in ledger.tensors if entry.encoding.endswith("16")}
    for name, array in decoded_weights_tflite(tmp_path / "small.tflite").items():
        expected = exact[name].astype(np.float16).astype(np.float32) if name in halves else exact[name]
        assert array.tobytes() == expected.tobytes(), name


def test_the_zeros_of_the_network_are_those_of_both_files(network, tmp_path):
    model, _ = network
    zeros = {name: np.mean(value.const_value.numpy() == 0) for name, value in model.graph.initializers.items()}
    for compress in (False, True):
        ledger = write_tflite(model, tmp_path / "model.tflite", compress=compress)
        weights = [entry for entry in ledger.tensors if len(entry.shape) > 1]
        assert {entry.name for entry in weights} <= set(zeros)
        for entry in weights:
            assert entry.sparsity == pytest.approx(zeros[entry.name], abs=1e-12), entry.name


def test_the_ledger_is_what_inspection_finds_but_for_the_notes(network, tmp_path):
    model, _ = network
    ledger = write_tflite(model, tmp_path / "model.tflite", compress=True)
    found = inspect_tflite(tmp_path / "model.tflite")
    assert found == ledger.model_copy(
        update={"tensors": tuple(entry.model_copy(update={"note": ""}) for entry in ledger.tensors), "remarks": ()}
    )
    assert 0 < ledger.graph_bytes < 300 * len(ledger.tensors)


def test_the_bytes_are_the_same_each_time_and_the_model_is_not_changed(network, tmp_path):
    model, _ = network
    before = ir.to_proto(model).SerializeToString()
    for compress in (False, True):
        write_tflite(model, tmp_path / "a.tflite", compress=compress)
        write_tflite(model, tmp_path / "b.tflite", compress=compress)
        assert (tmp_path / "a.tflite").read_bytes() == (tmp_path / "b.tflite").read_bytes()
    assert ir.to_proto(model).SerializeToString() == before


def test_layers_are_fused_so_that_no_more_operators_run_than_layers(network):
    codes = [operator.code for operator in lower(network[0]).operators]
    assert not {"MUL", "RELU", "RELU6", "TRANSPOSE"} & set(codes)


def test_a_model_that_is_refused_leaves_no_file(tmp_path):
    model = to_onnx(nn.Sequential(nn.Linear(4, 4), nn.CELU()), (4,))
    with pytest.raises(InputError, match="cannot write Celu to TFLite"):
        write_tflite(model, tmp_path / "model.tflite", compress=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_hold_what_it_should_does_not_appear(tmp_path, monkeypatch):
    model, path = to_onnx(nn.Linear(64, 64), (64,)), tmp_path / "model.tflite"
    write = module.packed

    def wrong(graph, forms, metadata):
        return write(graph, {tensor: replace(form, array=form.array * 2) for tensor, form in forms.items()}, metadata)

    monkeypatch.setattr(module, "packed", wrong)
    with pytest.raises(CheckError, match=r"'weight' is not in .*model\.tflite as it was to be stored"):
        write_tflite(model, path, compress=True)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    with pytest.raises(CheckError, match=r"'weight' is not in .*model\.tflite as it was to be stored"):
        write_tflite(model, path, compress=True)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


def test_weights_beyond_float16_stay_float32_and_the_ledger_says_why(tmp_path):
    linear = nn.Linear(64, 64)
    linear.weight.data[3, 4] = 1e5
    ledger = write_tflite(to_onnx(linear, (64,)), tmp_path / "model.tflite", compress=True)
    (entry,) = [entry for entry in ledger.tensors if entry.name == "weight"]
    assert (entry.encoding, entry.note) == ("float32", "not float16: 1 weights overflow in it")


def test_weights_float32_gives_the_dense_files_outputs_bit_by_bit(network, tmp_path):
    model, x = network
    dense = write_tflite(model, tmp_path / "dense.tflite", compress=False)
    ledger = write_tflite(model, tmp_path / "small.tflite", compress=True, weights="float32")
    assert ledger.file_bytes < dense.file_bytes / 2
    found = [_run(sys.executable, tmp_path / f"{name}.tflite", x) for name in ("dense", "small")]
    assert found[0].tobytes() == found[1].tobytes()


@pytest.mark.parametrize("weights", ["int8", "int8-hybrid"])
def test_weights_in_int8_keep_the_zeros_and_stay_close(network, tmp_path, weights):
    model, x = network
    sizes = {
        each: write_tflite(model, tmp_path / f"{each}.tflite", compress=True, weights=each).file_bytes
        for each in ("float16", weights)
    }
    dense = write_tflite(model, tmp_path / "dense.tflite", compress=False)
    if weights == "int8":  # never larger; the narrow layers here do not pay for a scale a channel
        assert sizes["int8"] <= sizes["float16"]
    assert sizes[weights] < dense.file_bytes / 2.5
    exact = decoded_weights_tflite(tmp_path / "dense.tflite")
    for name, array in decoded_weights_tflite(tmp_path / f"{weights}.tflite").items():
        assert np.array_equal(array != 0, exact[name] != 0), name
    found = _run(sys.executable, tmp_path / f"{weights}.tflite", x)
    np.testing.assert_allclose(found, _reference(model, x), rtol=0, atol=0.03)
    assert (found != _reference(model, x)).any()


def test_a_wide_layer_is_smaller_in_int8(tmp_path):
    torch.manual_seed(0)
    linear = nn.Linear(512, 128)
    linear.weight.data *= torch.rand_like(linear.weight) < 0.3
    model = to_onnx(linear, (512,))
    sizes = {}
    for weights in ("float32", "float16", "int8"):
        ledger = write_tflite(model, tmp_path / "model.tflite", compress=True, weights=weights)
        sizes[f"{weights}: {ledger.tensors[0].encoding}"] = ledger.file_bytes
    assert list(sizes) == ["float32: csr-float32", "float16: csr-float16", "int8: csr-int8"]
    assert list(sizes.values()) == sorted(sizes.values(), reverse=True)


def test_centroids_of_int8_behind_batch_normalization_are_stored_in_int8_exactly(tmp_path):
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(64, 48, 3, bias=False), nn.BatchNorm2d(48), nn.ReLU(), nn.Conv2d(48, 48, 3))
    for layer in (layers[0], layers[3]):
        kept = layer.weight.data * (torch.rand_like(layer.weight) < 0.1)
        layer.weight.data = stored(kept, "int8") * (kept != 0)
    layers[1].running_var.uniform_(0.1, 2)
    layers[1].weight.data.normal_()
    x = np.random.default_rng(1).normal(0, 1, (1, 64, 9, 9)).astype(np.float32)
    model, found = to_onnx(layers.eval(), (64, 9, 9)), {}
    for name, options in (("dense", {"compress": False}), ("small", {"compress": True, "weights": "float32"})):
        ledger = write_tflite(model, tmp_path / f"{name}.tflite", **options)
        found[name] = _run(sys.executable, tmp_path / f"{name}.tflite", x)
    weights = [entry for entry in ledger.tensors if entry.name.endswith(".weight")]
    assert [entry.encoding for entry in weights] == ["csr-int8", "csr-int8"]
    assert found["small"].tobytes() == found["dense"].tobytes()


def test_a_layer_wide_on_both_sides_is_split_where_that_is_smaller_and_computes_the_same_bits(tmp_path):
    torch.manual_seed(0)
    convolution = nn.Conv2d(300, 320, 3, padding=1)
    convolution.weight.data *= torch.rand_like(convolution.weight) < 0.05
    model = to_onnx(nn.Sequential(convolution, nn.ReLU()), (300, 6, 6))
    x = np.random.default_rng(2).normal(0, 1, (1, 300, 6, 6)).astype(np.float32)
    found = {}
    for name, options in (("dense", {"compress": False}), ("split", {"compress": True, "weights": "float32"})):
        ledger = write_tflite(model, tmp_path / f"{name}.tflite", **options)
        found[name] = _run(sys.executable, tmp_path / f"{name}.tflite", x)
    encodings = {entry.name: entry.encoding for entry in ledger.tensors if len(entry.shape) > 1}
    assert encodings == {"0.weight[0:256]": "csr-float32", "0.weight[256:320]": "csr-float32"}
    assert found["split"].tobytes() == found["dense"].tobytes()
    whole = csr.pack(decoded_weights_tflite(tmp_path / "dense.tflite")["0.weight"], 3)
    assert ledger.file_bytes < 0.9 * whole.bytes


def test_layers_with_equal_weights_store_them_once_as_pack_does(tmp_path):
    torch.manual_seed(0)
    layers = [nn.Linear(64, 64) for _ in range(4)]
    layers[0].weight.data *= torch.rand_like(layers[0].weight) < 0.2
    for layer in layers[1:]:
        layer.load_state_dict(layers[0].state_dict())
    model = to_onnx(nn.Sequential(*layers, nn.Linear(64, 3)), (64,))
    x = np.random.default_rng(3).normal(0, 1, (1, 64)).astype(np.float32)
    dense = write_tflite(model, tmp_path / "dense.tflite", compress=False)
    ledger = write_tflite(model, tmp_path / "small.tflite", compress=True, weights="float32")
    assert [entry.name for entry in ledger.tensors if entry.elements == 64 * 64] == ["0.weight"]
    packed = pack_tflite(tmp_path / "dense.tflite", tmp_path / "packed.tflite")
    assert abs(ledger.file_bytes - packed.ledger.file_bytes) < 300 < dense.file_bytes / 10
    found = [_run(sys.executable, tmp_path / f"{name}.tflite", x) for name in ("dense", "small", "packed")]
    assert len({each.tobytes() for each in found}) == 1


def test_hybrid_layers_read_int8_and_no_operator_decodes_it(network, tmp_path):
    ledger = write_tflite(network[0], tmp_path / "model.tflite", compress=True, weights="int8-hybrid")
    large = {entry.dtype for entry in ledger.tensors if len(entry.shape) > 1 and entry.elements > 1000}
    assert large == {"int8"}
    constants = {constant.name: constant for constant in read_constants(read(tmp_path / "model.tflite"), "model")}
    assert all(not each.decoders for each in constants.values() if each.array.dtype == np.int8)


def test_fast_load_has_no_sparse_weights(network, tmp_path):
    ledger = write_tflite(network[0], tmp_path / "model.tflite", compress=True, encoding="fast-load")
    assert {entry.encoding for entry in ledger.tensors} <= {"float32", "float16"}


_FORMS = [
    {"compress": False},
    {"compress": True},
    {"compress": True, "encoding": "fast-load"},
    {"compress": True, "weights": "float32"},
    {"compress": True, "weights": "int8"},
    {"compress": True, "weights": "int8-hybrid"},
]


@pytest.fixture(scope="module")
def old_python(tmp_path_factory):
    """The Python of an environment with tflite-runtime 2.14 and numpy 1."""
    if sys.version_info >= (3, 12):
        pytest.skip("tflite-runtime 2.14 has no wheel for Python 3.12 or later")
    folder = tmp_path_factory.mktemp("old")
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "tflite-runtime==2.14.0", "numpy<2", "psutil"]
    if subprocess.run(install, capture_output=True, check=False).returncode:
        pytest.skip("pip cannot install tflite-runtime 2.14.0 here")
    return python


@pytest.mark.slow
@pytest.mark.parametrize("options", _FORMS, ids=str)
def test_the_agent_runs_the_files_on_the_last_tflite_runtime_where_that_is_said(network, tmp_path, old_python, options):
    model, x = network
    file = tmp_path / "model.tflite"
    write_tflite(model, file, **options)
    np.savez(tmp_path / "x.npz", x=x)
    job = {"file": str(file), "inputs": "x.npz", "output": "y.npz", "layout": "channels_last"}
    (tmp_path / "job.json").write_text(json.dumps(job))
    done = subprocess.run(
        [old_python, "-m", "edgecompress.agent", "outputs", tmp_path / "job.json"],
        env={**os.environ, "PYTHONPATH": str(Path(edgecompress.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    if TFLITE_RUNTIME not in runtimes(file):
        assert options.get("weights") == "int8-hybrid"
        assert done.returncode == 3, "tflite-runtime must refuse what it would compute wrongly"
        return
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "y.npz") as written:
        tolerance = 0.03 if options.get("weights") == "int8" else 1e-3
        np.testing.assert_allclose(written["y"], _reference(model, x), rtol=0, atol=tolerance)
