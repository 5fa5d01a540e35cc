import numpy as np
import pytest
import torch

from edgecompress import bundle, target
from edgecompress.errors import CheckError
from edgecompress.estimate.records import OnProcessor
from edgecompress.progress import silent
from edgecompress.recipe import Export
from edgecompress.workflows import lead as leading
from edgecompress.workflows.lead import LabelledSamples

PROFILE = """
title = "old"
arch = "x86_64"
cpu = "Nehalem"
emulator_cpu = "x86-no-avx"
cores = 1
memory_mib = 512
runtimes = ["onnxruntime", "litert"]
threads = 1
transport = "local"
"""


@pytest.fixture
def manifest(small_bundle):
    return bundle.load(small_bundle)


@pytest.fixture
def lead(small_bundle, manifest):
    """The choice among files for a board, where nothing is counted; ``lost`` points of accuracy were lost."""

    def lead(board, models, lost):
        dense, compressed = manifest.stages[0], manifest.stages[-1]
        stages = [dense, compressed.model_copy(update={"validation_accuracy": dense.accuracy - lost})]
        validation = LabelledSamples(
            np.zeros((5, 1, 32, 32), np.float32), np.zeros(5, np.int64), np.zeros((5, 10), np.float32)
        )
        settings = Export(count=False)
        counts = leading.counted(small_bundle, models, target.load(board), settings, silent)
        assert counts == ({}, "export.count is false")
        return leading.lead(
            small_bundle,
            models,
            target.load(board),
            settings,
            stages=stages,
            validation=validation,
            counts=counts,
            progress=silent,
        )

    return lead


def test_what_the_compressed_network_loses_decides_whether_its_files_can_lead(lead, manifest):
    within, beyond = lead("rpi4", manifest.models, 0.5), lead("rpi4", manifest.models, 1.5)
    assert (within.file, within.basis, within.limit) == ("model.tflite", "rule", 1.0)
    assert beyond.file == "dense.tflite"
    assert beyond.candidates["model.onnx"].drop == 1.5
    assert beyond.candidates["dense.onnx"].drop == 0.0
    assert beyond.candidates["model.onnx"].samples == 5
    assert lead("host", manifest.models, 0.5).file == "model.onnx"


def test_a_float16_file_that_executes_more_than_one_that_can_lead_is_not_emulated(small_bundle, manifest):
    done = OnProcessor(processor="cortex-a76")
    half = manifest.models["model.tflite"].model_copy(update={"kind": "float16", "on_processor": done})
    models = {"model-fp16.tflite": half, **manifest.models}
    counts = {name: 1000 if "dense" in name else 400 for name in models} | {"model-fp16.tflite": 600}
    found = leading.lead(
        small_bundle,
        models,
        target.load("rpi5"),
        Export(lead_drop=100),
        stages=manifest.stages,
        validation=LabelledSamples(np.zeros((0, 1, 32, 32), np.float32), np.zeros(0), np.zeros((0, 10), np.float32)),
        counts=(counts, ""),
        progress=silent,
    )
    assert found.file in ("model.tflite", "model.onnx")
    assert found.candidates["model-fp16.tflite"].left_out.endswith(
        "executes less; its accuracy there was not asked for"
    )


def test_a_file_whose_values_there_are_not_known_does_not_lead(lead, manifest):
    unknown = OnProcessor(processor=None, why_not="no emulator")
    half = manifest.models["model.tflite"].model_copy(update={"kind": "float16", "bytes": 1, "on_processor": unknown})
    found = lead("rpi5", {**manifest.models, "model-fp16.tflite": half}, 0.5)
    assert found.file == "model.tflite"
    candidate = found.candidates["model-fp16.tflite"]
    assert candidate.ratio == 0.6
    assert candidate.left_out == "its values on rpi5 are not known: no emulator"


@pytest.mark.slow
def test_a_build_counts_on_the_boards_processor_and_runs_float16_files_there(tmp_path, small_cache):
    from edgecompress.workflows.build import build_bundle
    from edgecompress.workflows.request import Request

    from ..conftest import SMALL

    (tmp_path / "old.toml").write_text(PROFILE)
    folder = tmp_path / "out"
    changes = (*SMALL, "export.float16_arithmetic=true", "export.lead_drop=100")
    request = Request(target=str(tmp_path / "old.toml"), changes=changes, output=folder, cache_dir=small_cache)
    _, made = build_bundle(request, progress=silent, warn=pytest.fail)
    assert (made.lead.basis, made.lead.processor, made.lead.note) == ("instructions", "x86-no-avx", "")
    assert set(made.lead.candidates) == set(made.models)
    assert all(each.instructions > 10_000 for each in made.lead.candidates.values())
    assert made.lead.candidates[made.lead.file].ratio < 1.02
    for name in ("model-fp16.onnx", "model-fp16.tflite"):
        found = made.models[name].on_processor
        assert found.processor == "x86-no-avx"
        assert found.outputs.samples == found.accuracy.samples == 256
        assert found.accuracy.percent == pytest.approx(made.accuracy.compressed, abs=5)
        candidate = made.lead.candidates[name]
        assert (candidate.drop is None) == ("executes less; its accuracy there was not asked for" in candidate.left_out)
    said = (folder / "README.md").read_text()
    assert "estimated from counted instructions on an emulated x86-no-avx" in said
    wrong = LabelledSamples(np.ones((2, 1, 32, 32), np.float32), np.zeros(2, np.int64), np.zeros((2, 10), np.float32))
    with pytest.raises(CheckError, match="differ from the reference"):
        leading.on_processor(
            folder / "model-fp16.onnx", made.models["model-fp16.onnx"], made.target, wrong, None, silent
        )


@pytest.mark.slow
def test_outputs_that_are_maps_are_held_against_the_networks_axis_by_axis(manifest, tmp_path):
    from edgecompress.formats.tflite.float16 import write_float16
    from edgecompress.sources.to_onnx import to_onnx

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(8, 5, 1)).eval()
    write_float16(to_onnx(network, (3, 8, 6)), tmp_path / "m.tflite", encoding="smallest")
    x = torch.randn(2, 3, 8, 6)
    with torch.no_grad():
        test = LabelledSamples(x.numpy(), np.zeros(0, np.int64), network(x).numpy())
    (tmp_path / "old.toml").write_text(PROFILE)
    board, file = target.load(str(tmp_path / "old.toml")), manifest.models["model.tflite"]
    found = leading.on_processor(tmp_path / "m.tflite", file, board, test, None, silent)
    assert found.outputs.samples == 2


def test_an_emulator_that_is_gone_half_way_leaves_values_unknown(small_bundle, manifest, tmp_path, monkeypatch):
    (tmp_path / "old.toml").write_text(PROFILE)
    board, file = target.load(str(tmp_path / "old.toml")), manifest.models["model.tflite"]
    monkeypatch.setattr(leading, "usable", lambda board: "")  # it was there when it was asked for
    monkeypatch.setenv("PATH", str(tmp_path))
    test = LabelledSamples(np.zeros((1, 1, 32, 32), np.float32), np.zeros(1, np.int64), np.zeros((1, 10), np.float32))
    found = leading.on_processor(small_bundle / "model.tflite", file, board, test, None, silent)
    assert found.processor is None
    assert "no qemu-x86_64 here" in found.why_not
