import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from edgecompress import bundle
from edgecompress.agent import ecz
from edgecompress.compress import walk
from edgecompress.errors import CheckError, InputError
from edgecompress.int8.program import TFLITE_QUANTIZERS, tflite_quantizer
from edgecompress.progress import silent
from edgecompress.report.summary import summary
from edgecompress.sources.datasets import load as load_data
from edgecompress.sources.load import network, save_checkpoint
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.request import Request

QUICK = ("width=0.125", "train.epochs=1", "prune.epochs=1", "retrain.epochs=0", "cluster.epochs=0")


def build(tmp_path, *, warn=lambda message: None, **changes):
    request = Request(
        **{"target": "host", "changes": QUICK, "output": tmp_path / "out", "cache_dir": tmp_path / "cache", **changes}
    )
    return build_bundle(request, progress=silent, warn=warn)


def test_the_manifest_says_what_the_files_are(small_bundle):
    manifest = bundle.load(small_bundle)
    for name, file in manifest.models.items():
        assert file.bytes == (small_bundle / name).stat().st_size == file.ledger.file_bytes
    sizes = {name: file.bytes for name, file in manifest.models.items()}
    assert manifest.ratios.files["onnx"] == sizes["dense.onnx"] / sizes["model.onnx"] > 5
    assert manifest.ratios.files["tflite"] == sizes["dense.tflite"] / sizes["model.tflite"] > 4
    assert manifest.ratios.weights == pytest.approx(10, rel=0.01)
    assert [stage.stage for stage in manifest.stages] == ["train", "prune", "retrain", "cluster"]
    assert manifest.models["model.onnx"].verification.identical_weights == 12
    assert manifest.data.official
    assert manifest.warnings == []
    assert (manifest.recipe_name, manifest.recipe_reason) == ("alexnet-digits", "")


def test_eval_npz_is_the_head_of_the_test_set_and_says_so(small_bundle):
    data = load_data("digits")
    with np.load(small_bundle / "eval.npz") as archive:
        assert archive["x"].dtype == np.float32
        assert np.array_equal(archive["x"], data.test_x[:100])
        assert np.array_equal(archive["y"], data.test_y[:100])
    assert "first 100 of 359" in bundle.load(small_bundle).files["eval.npz"].what


def test_the_same_recipe_and_seed_give_the_same_files(tmp_path):
    build(tmp_path / "a")
    build(tmp_path / "b")
    for name in ("model.onnx", "dense.onnx", "model.tflite", "dense.tflite", "eval.npz"):
        assert (tmp_path / "a/out" / name).read_bytes() == (tmp_path / "b/out" / name).read_bytes(), name


def test_a_container_of_each_compressed_model_is_in_the_bundle(small_bundle, tmp_path):
    for name in ("model.onnx", "model.tflite"):
        ecz.unpack(small_bundle / f"{name}.ecz", tmp_path / name)
        assert (tmp_path / name).read_bytes() == (small_bundle / name).read_bytes()
        assert (small_bundle / f"{name}.ecz").stat().st_size < (small_bundle / name).stat().st_size
    models = bundle.load(small_bundle).models
    assert models["model.onnx"].runs_in == ["onnxruntime >= 1.20"]
    assert models["model.tflite"].runs_in == ["ai-edge-litert", "tflite-runtime 2.14"]


def test_the_encoding_and_the_rounding_are_chosen_by_the_recipe_and_the_request(tmp_path):
    clustered = (*QUICK, "width=0.5", "cluster.epochs=1")
    sizes = {}
    for encoding, rounding in (("smallest", "float16"), ("fast-load", "float16"), ("smallest", "int8-hybrid")):
        changes = (*clustered, f"export.tflite_weights={rounding}")
        _, manifest = build(tmp_path, changes=changes, encoding=encoding)
        assert (manifest.recipe.export.encoding, manifest.recipe.export.tflite_weights) == (encoding, rounding)
        sizes[encoding, rounding] = {name: file.bytes for name, file in manifest.models.items()}
        labels = " ".join(tensor.encoding for tensor in manifest.models["model.onnx"].ledger.tensors)
        assert ("wavelet" in labels) == (encoding == "smallest")
        # The centroids are float16, so only hybrid kernels round: the inputs of every layer, and it shows.
        difference = manifest.models["model.tflite"].verification.outputs.largest_difference
        assert (difference > 1e-3) == (rounding == "int8-hybrid")
    smallest, fast = sizes["smallest", "float16"], sizes["fast-load", "float16"]
    assert all(smallest[name] < fast[name] for name in ("model.onnx", "model.tflite"))
    assert smallest["dense.tflite"] > sizes["smallest", "int8-hybrid"]["model.tflite"] > smallest["model.tflite"]


def test_int8_files_of_both_networks_are_in_the_bundle_beside_the_others_which_do_not_change(int8_bundle, small_bundle):
    manifest, plain = bundle.load(int8_bundle), bundle.load(small_bundle)
    made = {name: file for name, file in manifest.models.items() if "int8" in file.kind}
    assert {(name, file.kind) for name, file in made.items()} == {
        ("model-int8.onnx", "int8"),
        ("model-int8.tflite", "int8"),
        ("dense-int8.onnx", "dense-int8"),
        ("dense-int8.tflite", "dense-int8"),
    }
    for name, file in plain.models.items():
        assert manifest.models[name].sha256 == file.sha256
        assert file.accuracy is None
    for name in ("model-int8.onnx", "model-int8.tflite"):
        ecz.unpack(int8_bundle / f"{name}.ecz", int8_bundle.parent / f"unpacked-{name}")
        assert (int8_bundle.parent / f"unpacked-{name}").read_bytes() == (int8_bundle / name).read_bytes()
    dense = manifest.models["dense.onnx"].bytes
    sizes = {name: dense / file.bytes for name, file in made.items()}
    assert 3 < sizes["dense-int8.onnx"] < 4
    assert sizes["model-int8.onnx"] > 10  # pruned and encoded: far below the byte a weight that int8 takes
    assert manifest.versions[tflite_quantizer()]
    assert tflite_quantizer() not in plain.versions


def test_int8_costs_at_most_two_points_and_the_proof_says_how_it_was_judged(int8_bundle):
    manifest = bundle.load(int8_bundle)
    for file in manifest.models.values():
        if file.kind not in ("int8", "dense-int8"):
            continue
        network = manifest.accuracy.compressed if file.kind == "int8" else manifest.accuracy.dense
        assert file.accuracy.samples == 359
        assert file.accuracy.percent == 100 * file.accuracy.correct / 359
        assert abs(network - file.accuracy.percent) <= 2
        proof = file.verification
        assert proof.outputs.argmax_agreement >= proof.outputs.least_agreement == 0.9
        assert proof.outputs.absolute_tolerance is None
        assert proof.latency.limit is None
        assert (proof.identical_weights is None) == (file.runtime == "litert")


def test_zeros_of_the_compressed_network_are_zeros_in_its_int8_files(int8_bundle):
    from edgecompress.formats.onnx.decoded import decoded_weights
    from edgecompress.formats.tflite.inspection import decoded_weights_tflite

    network = decoded_weights(int8_bundle / "model.onnx")
    onnx, tflite = (
        decoded_weights(int8_bundle / "model-int8.onnx"),
        decoded_weights_tflite(int8_bundle / "model-int8.tflite"),
    )
    weights = {name: array for name, array in network.items() if array.ndim > 1}
    assert len(weights) == 6
    for name, array in weights.items():
        integers = onnx[f"{name}_quantized"]
        assert integers.dtype == np.int8
        assert 32 < np.abs(integers).max() <= 64  # sums must not overflow 16 bits
        assert not integers[array == 0].any()
        assert np.count_nonzero(tflite[name]) <= np.count_nonzero(array)
        assert np.mean(array == 0) > 0.2


def test_a_missing_quantiser_is_said_before_anything_is_trained(tmp_path, monkeypatch):
    import importlib.util

    find, absent = importlib.util.find_spec, TFLITE_QUANTIZERS.values()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in absent else find(name))
    with pytest.raises(InputError, match=r"edgecompress\[int8\]"):
        build(tmp_path, changes=(*QUICK, "export.int8=true"))
    assert not list(tmp_path.rglob("*.safetensors"))
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_is_compressed_as_it_is(tmp_path):
    torch.manual_seed(5)
    module = network("alexnet", (1, 32, 32), 10, width=0.125)
    save_checkpoint(module, tmp_path / "w.safetensors")
    folder, manifest = build(tmp_path, checkpoint=tmp_path / "w.safetensors")
    assert manifest.model.checkpoint == str(tmp_path / "w.safetensors")
    assert manifest.stages[0].epochs == 0
    from edgecompress.formats.onnx.decoded import decoded_weights

    decoded = decoded_weights(folder / "dense.onnx")
    given = load_file(tmp_path / "w.safetensors")
    assert all(decoded[name].tobytes() == tensor.numpy().tobytes() for name, tensor in given.items())


def test_an_enforced_budget_refuses_the_bundle_and_keeps_what_was_there(tmp_path):
    profile = (
        'title = "tiny"\narch = "any"\ncpu = "c"\ncores = 1\nmemory_mib = 1\nruntimes = ["onnxruntime"]\n'
        'threads = 1\ntransport = "local"\n[budget]\nfile_kib = 1\nmemory_mib = 1\nenforce = {}\n'
    )
    (tmp_path / "tiny.toml").write_text(profile.format("false"))
    said = []
    _, manifest = build(tmp_path, target=str(tmp_path / "tiny.toml"), warn=said.append)
    assert said == manifest.warnings
    assert "tiny's budget is 1 KiB" in said[0]
    assert "tiny's budget is 1 MiB" in said[1]
    (tmp_path / "tiny.toml").write_text(profile.format("true"))
    with pytest.raises(CheckError, match="budget is 1 KiB"):
        build(tmp_path, target=str(tmp_path / "tiny.toml"))
    bundle.load(tmp_path / "out")


def test_data_that_are_not_the_official_files_are_said_once_and_everywhere(tmp_path, monkeypatch):
    import dataclasses

    from edgecompress.sources import datasets

    data = load_data("digits")
    source = data.source.model_copy(update={"official": False, "note": "not the official files"})
    monkeypatch.setattr(datasets, "load", lambda *_, **__: dataclasses.replace(data, source=source))
    said = []
    folder, manifest = build(tmp_path, warn=said.append)
    assert said == ["Digits: not the official files"] == manifest.warnings
    assert "not the official files" in (folder / "README.md").read_text()
    assert json.loads((folder / "manifest.json").read_text())["data"]["official"] is False


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "rpi7"}, "unknown target 'rpi7'"),
        ({"model": "alexnett"}, "unknown recipe|unknown network"),
        ({"data": "mnist"}, "unknown"),
        ({"recipe": "nothing.toml"}, "does not exist"),
        ({"changes": ("prune.criterion=largest",)}, "unknown criteria 'largest'"),
        ({"changes": ("cluster.method=guess",)}, "unknown algorithm 'guess'"),
        ({"changes": ("layers.nothing.bits=3",)}, "matches no layer"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_trained(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        build(tmp_path, **changes)
    assert not list(tmp_path.rglob("*.safetensors"))
    assert not (tmp_path / "out").exists()


def test_what_is_not_a_bundle_is_not_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "photo.jpg").touch()
    with pytest.raises(InputError, match="choose another folder"):
        build(tmp_path)
    shutil.rmtree(tmp_path / "out")


def test_channels_are_removed_and_what_is_left_is_pruned_clustered_and_proved(tmp_path):
    structure = ("structure.latency=0.8", "structure.epochs=1", "structure.rounds=1", "cluster.epochs=1", "width=0.5")
    folder, manifest = build(tmp_path, changes=(*QUICK, *structure))
    details = manifest.stages[1].details
    assert manifest.stages[1].stage == "structure"
    assert details.latency_low <= details.latency_ratio <= details.latency_high <= 0.8
    assert manifest.ratios.macs == details.macs_before / details.macs_after > 1
    assert manifest.model.parameters == details.parameters_before > details.parameters_after
    # Nine tenths of the weights that are left are zeros; the ratio counts from the dense network.
    assert manifest.ratios.weights > 1.05 * 10
    for name in ("model.onnx", "model.tflite"):
        assert manifest.models[name].verification.latency.ratio < 0.95
    assert "fewer) |" in (folder / "README.md").read_text()
    from edgecompress.formats.onnx.decoded import decoded_weights

    dense, left = (decoded_weights(folder / name) for name in ("dense.onnx", "model.onnx"))
    assert sum(weight.size for weight in dense.values()) > sum(weight.size for weight in left.values())
    assert dense["head.weight"].shape[0] == left["head.weight"].shape[0] == 10
    assert bundle.load(folder) == manifest


HEADS = """
import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(8, 32)
        self.one, self.two = nn.Linear(32, 3), nn.Linear(32, 2)

    def forward(self, x):
        seen = self.trunk(x).relu()
        return self.one(seen), self.two(seen)


def make():
    torch.manual_seed(0)
    return Heads()


def data():
    x = np.random.default_rng(0).normal(size=(200, 8)).astype("float32")
    return {"x": x, "y": np.stack([x[:, 0], x[:, 1] * 2], 1)}


def loss(outputs, targets):
    return functional.mse_loss(outputs[1], targets) + 0 * outputs[0].sum()


def error(outputs, targets):
    return float((outputs[1] - targets).abs().mean())
"""


def test_a_network_of_two_outputs_learns_and_is_judged_by_the_user_s_functions(tmp_path, monkeypatch):
    (tmp_path / "heads.py").write_text(HEADS)
    monkeypatch.chdir(tmp_path)
    stage = "{epochs = 20, learning_rate = 0.05, batch_size = 32}"
    asked = {
        "model": "heads.py:make",
        "data": "heads.py:data",
        "loss": "heads.py:loss",
        "metric": "heads.py:error",
        "changes": (f"train={stage}", f"retrain={stage}", "prune.epochs=2", "cluster.epochs=1", "prune.sparsity=0.5"),
    }
    folder, manifest = build(tmp_path, **asked)
    assert manifest.accuracy is None and manifest.data.classes == []
    found = manifest.judged
    assert (found.metric, found.samples) == ("error", 40)
    assert found.dense < 0.4 and found.compressed < 0.6, "a network that says zeros is off by 1.2"
    assert {stage.metric for stage in manifest.stages} == {"error"}
    assert f"| error (40 samples) | {found.dense:.5g} | {found.compressed:.5g} |" in (folder / "README.md").read_text()
    assert any(line.startswith(f"Test, error: dense {found.dense:.5g}") for line in summary(manifest).first)
    np.savez("x.npz", x=np.zeros((9, 8), "float32"))
    for wrong, said in (({"data": "x.npz"}, "--loss has nothing"), ({"model": "alexnet"}, "network of your own")):
        with pytest.raises(InputError, match=said):
            build(tmp_path, **{**asked, **wrong})


def test_a_drop_leaves_a_front_and_another_of_its_points_is_built_without_training(tmp_path, monkeypatch):
    monkeypatch.setattr(walk, "LEAST", 0.2)
    asked = (*QUICK, "width=0.0625", "cluster.bits=3", "export.sparse_inference=false")
    _, first = build(tmp_path, changes=(*asked, "cluster.rate=0.4", "cluster.max_drop=60"))
    taken = [point for point in first.front if point.bytes == first.models["model.onnx"].bytes]
    assert len(taken) == 1
    assert taken[0].drop.points <= 60
    assert [point.rate for point in first.front][:2] == [0.4, 0.3]
    tried = next(figure for figure in summary(first).figures if figure.key == "front")
    chosen = [[cell.value for cell in row.cells] for row in tried.table.rows if row.cells[-1].value == "taken"]
    assert [(row[1], row[2]) for row in chosen] == [(taken[0].rate, taken[0].bytes)]
    number = next(number for number, point in enumerate(first.front, start=1) if point is not taken[0])
    states = sorted(path.name for path in (tmp_path / "cache/stages").iterdir())
    _, second = build(tmp_path, changes=asked, from_front=number)
    assert second.front == first.front
    assert second.models["model.onnx"].bytes == first.front[number - 1].bytes
    assert sorted(path.name for path in (tmp_path / "cache/stages").iterdir()) == states
    for number in (0, len(first.front) + 1):
        with pytest.raises(InputError, match=f"takes 1 to {len(first.front)}"):
            build(tmp_path, changes=asked, from_front=number)
    with pytest.raises(InputError, match="is of alexnet on Digits, not of resnet18 on Digits"):
        build(tmp_path, changes=asked, from_front=1, model="resnet18")


def test_a_point_is_taken_from_a_front_that_is_there(tmp_path, small_bundle):
    with pytest.raises(InputError, match="is not a bundle; build it with --max-drop first"):
        build(tmp_path, from_front=1)
    with pytest.raises(InputError, match="has no front"):
        build(tmp_path, output=small_bundle, from_front=1)
