import numpy as np
import pytest

from edgecompress import bundle
from edgecompress.agent import ecz
from edgecompress.compress.record import StageResult
from edgecompress.errors import InputError
from edgecompress.export.verified import write_float16
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.progress import silent
from edgecompress.recipe import Export
from edgecompress.report.summary import summary
from edgecompress.report.writers.terminal import terminal
from edgecompress.workflows import model_files
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.request import Request

from ..conftest import SMALL


def build(folder, cache, *changes, warn=pytest.fail, target="host"):
    request = Request(target=target, changes=(*SMALL, *changes), output=folder, cache_dir=cache, eval_samples=10)
    return build_bundle(request, progress=silent, warn=warn)


@pytest.fixture(scope="module")
def half(tmp_path_factory, small_bundle, small_cache):
    """A bundle with float16 files, and its manifest."""
    return build(tmp_path_factory.mktemp("half") / "out", small_cache, "export.float16_arithmetic=true")


def test_float16_files_stand_beside_the_others_and_say_that_their_values_depend_on_the_processor(half, tmp_path):
    folder, manifest = half
    for name in ("model-fp16.onnx", "model-fp16.tflite"):
        file = manifest.models[name]
        assert (file.kind, file.accuracy) == ("float16", None)
        assert (file.on_processor.processor, file.on_processor.outputs) == (None, None)
        assert file.on_processor.why_not == "host names no processor to emulate"
        assert file.tolerance[1] > manifest.models[name.replace("-fp16", "")].tolerance[1]
        assert file.verification.latency.limit is None
        ecz.unpack(folder / f"{name}.ecz", tmp_path / name)
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
        assert "its values on host are not known" in manifest.lead.candidates[name].left_out
    assert manifest.models["model-fp16.onnx"].verification.identical_weights == 12
    assert manifest.lead.file in ("model.onnx", "dense.onnx")
    card, said = (folder / "README.md").read_text(), terminal(summary(manifest), folder)
    assert "`model-fp16.tflite` (litert)" in card
    assert "values depend on it" in card
    assert "values depend on the processor: they were not taken" in " ".join(said.split())
    assert f"{manifest.lead.file} leads: " in said
    assert f"* leads on {manifest.target.title}" in said
    assert bundle.load(folder) == manifest


def test_the_weights_are_the_networks_in_float16(half):
    folder, _ = half
    exact, found = decoded_weights(folder / "model.onnx"), decoded_weights(folder / "model-fp16.onnx")
    for name, array in exact.items():
        assert found[name].dtype == np.float16
        assert np.array_equal(found[name] == 0, array == 0)


@pytest.mark.parametrize(
    ("settings", "lost", "expected"),
    [
        ({"int8": True}, 5.0, {"compressed"}),
        ({"int8": "auto"}, 0.5, {"compressed"}),
        ({"int8": "auto"}, 1.5, {"compressed", "dense"}),
        ({"int8": True, "int8_of": ["dense"]}, 0.0, {"dense"}),
    ],
)
def test_int8_is_of_the_compressed_network_and_of_the_dense_one_where_that_alone_can_lead(settings, lost, expected):
    stages = [
        StageResult(stage="s", epochs=1, seconds=1, validation_accuracy=found, sparsity=0, distinct_max=1)
        for found in (98.0, 98.0 - lost)
    ]
    assert set(model_files._int8_of(Export(**settings), stages)) == expected


@pytest.mark.slow
def test_a_variant_that_nobody_asked_for_is_left_out_with_its_reason_and_one_that_was_is_an_error(
    tmp_path, small_bundle, small_cache, monkeypatch
):
    from edgecompress.workflows import model_files

    def refuses(graph, path, **given):
        write_float16(graph, path, **given)
        raise InputError("this network has none")

    monkeypatch.setattr(model_files, "write_float16", refuses)
    said = []
    changes = ("export.int8=false", "export.count=false")
    folder, manifest = build(tmp_path / "out", small_cache, *changes, target="rpi5", warn=said.append)
    assert said == manifest.warnings == [f"no model-fp16.{kind}: this network has none" for kind in ("onnx", "tflite")]
    assert not [name for name in (*manifest.models, *manifest.files) if "fp16" in name]
    assert not list(folder.glob("*fp16*"))
    with pytest.raises(InputError, match="has none"):
        build(tmp_path / "other", small_cache, *changes, "export.float16_arithmetic=true", target="rpi5")
