import importlib.util
import sys

import numpy as np
import pytest
from torch import nn

from edgecompress import bundle, target
from edgecompress.errors import CheckError, InputError, MissingDependencyError, NoInt8Error
from edgecompress.progress import silent
from edgecompress.report.summary import summary
from edgecompress.workflows import build as build_module
from edgecompress.workflows import microcontroller
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.reading import prepare
from edgecompress.workflows.request import Request

needs = pytest.mark.skipif(importlib.util.find_spec("tflite_micro") is None, reason="tflite-micro is not installed")
QUICK = ("width=0.125", "train.epochs=1", "prune.epochs=1", "retrain.epochs=0", "cluster.epochs=0")


@pytest.fixture
def untrained(monkeypatch):
    """Fails where anything is trained."""
    monkeypatch.setattr(build_module, "run_all", lambda *_, **__: pytest.fail("it was trained"))


def build(tmp_path, *, warn=lambda message: None, **changes):
    given = {"target": "cortex-m", "changes": QUICK, "output": tmp_path / "out", "cache_dir": tmp_path / "cache"}
    return build_bundle(Request(**{**given, **changes}), progress=silent, warn=warn)


def test_the_bundle_holds_what_such_a_board_takes_and_no_more(micro_bundle):
    manifest = bundle.load(micro_bundle)
    assert list(manifest.models) == ["model-int8.tflite"]
    assert {path.name for path in micro_bundle.iterdir()} == {
        "model-int8.tflite", "model-vela.tflite", "model_data.h", "model_data.cc", "main.cc", "serve.cc", "eval.npz",
        "README.md", "manifest.json",
    }  # fmt: skip
    assert set(manifest.files) == {path.name for path in micro_bundle.iterdir()} - {
        "model-int8.tflite",
        "manifest.json",
    }
    assert manifest.lead.file == "model-int8.tflite"
    assert manifest.recipe.export.int8 is True
    assert manifest.versions["tflite-micro"]
    assert manifest.versions["ethos-u-vela"]


def test_accuracy_is_that_of_the_answers_in_tflite_micro(micro_bundle):
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    file = bundle.load(micro_bundle).models["model-int8.tflite"]
    interpreter = Interpreter.from_file(str(micro_bundle / "model-int8.tflite"))
    correct = 0
    with np.load(micro_bundle / "eval.npz") as archive:
        for x, y in zip(archive["x"], archive["y"], strict=True):
            interpreter.set_input(np.ascontiguousarray(np.moveaxis(x, 0, -1)[np.newaxis]), 0)
            interpreter.invoke()
            correct += int(interpreter.get_output(0).argmax() == y)
    assert (file.accuracy.correct, file.accuracy.samples) == (correct, 100)
    assert abs(file.accuracy.percent - bundle.load(micro_bundle).accuracy.compressed) <= 3


def test_the_weights_are_the_int8_file_s_of_any_board(micro_bundle, int8_bundle):
    assert (micro_bundle / "model-int8.tflite").read_bytes() == (int8_bundle / "model-int8.tflite").read_bytes()


def test_the_summary_and_the_card_say_what_is_measured_and_what_is_estimated(micro_bundle):
    manifest = bundle.load(micro_bundle)
    card = (micro_bundle / "README.md").read_text()
    for text in (" ".join(summary(manifest).first), card):
        assert "tensor arena of" in text
        assert "Estimates of Vela" in text
        assert "not measured" in text
    assert "model.onnx" not in card  # such a bundle has none


@needs
def test_a_budget_that_is_enforced_refuses_before_training(tmp_path, untrained):
    text = (target.shipped.path_of("targets", "cortex-m")).read_text()
    profile = tmp_path / "tiny.toml"
    profile.write_text(text.replace("file_kib = 768", "file_kib = 4").replace("arena_kib = 256", "arena_kib = 4"))
    profile.write_text(profile.read_text() + "enforce = true\n")
    with pytest.raises(CheckError, match=r"model-int8.tflite has .* KiB, tiny's budget is 4 KiB.* of RAM .*4 KiB"):
        build(tmp_path, target=str(profile))


@needs
def test_limits_of_this_build_are_enforced_and_in_its_manifest(tmp_path, untrained):
    with pytest.raises(CheckError, match=r"model-int8.tflite has .* KiB, cortex-m's budget is 9 KiB.* of RAM .*4 KiB"):
        build(tmp_path, size_budget=10_000, arena_budget=4096)


class Gelu(nn.Module):
    """Has an operator that TensorFlow Lite Micro lacks."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 3)

    def forward(self, x):
        return nn.functional.gelu(self.linear(x))


@needs
def test_an_operator_that_the_runtime_lacks_is_named_before_training(tmp_path, untrained, monkeypatch):
    (tmp_path / "own_gelu.py").write_text(
        f"from torch import nn\n\n\n{_source(Gelu)}\n\ndef make():\n    return Gelu()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    random = np.random.default_rng(0)
    np.savez(tmp_path / "d.npz", x=random.random((300, 8)).astype(np.float32), y=np.arange(300) % 3)
    with pytest.raises(InputError, match="which cortex-m runs, has no GELU: replace"):
        build(tmp_path, model="own_gelu:make", data=str(tmp_path / "d.npz"), changes=())


def _source(kind):
    import inspect

    return inspect.getsource(kind)


@needs
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"changes": (*QUICK, "export.int8=false")}, "runs int8 alone, which export.int8=false forbids"),
        ({"changes": QUICK, "target": "cortex-n"}, "did you mean 'cortex-m'"),
    ],
)
def test_what_cannot_be_is_said_before_training(tmp_path, untrained, changes, message):
    with pytest.raises(InputError, match=message):
        build(tmp_path, **changes)


@needs
def test_what_is_not_for_int8_is_not_told_to_be_built_without_it(tmp_path, untrained, monkeypatch):
    np.savez(tmp_path / "values.npz", x=np.zeros((40, 8), np.float32), y=np.zeros((40, 1), np.float32))
    (tmp_path / "of_values.py").write_text("from torch import nn\n\n\ndef make():\n    return nn.Linear(8, 1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    given = {"model": "of_values:make", "data": str(tmp_path / "values.npz"), "changes": ()}
    with pytest.raises(InputError, match=r"runs int8 alone: int8 .* choose a board with Linux") as raised:
        build(tmp_path, **given, loss="torch.nn.functional:mse_loss")
    assert "export.int8" not in str(raised.value)
    for board, message in (
        ("cortex-m", r"^cortex-m runs int8 alone: it cannot, or choose a board with Linux$"),
        ("rpi4", r"^it cannot; set export\.int8=false$"),
    ):
        with pytest.raises(InputError, match=message), microcontroller.int8_alone(target.load(board)):
            raise NoInt8Error("it cannot")


@pytest.mark.parametrize(
    ("board", "module", "extra"), [("cortex-m", "tflite_micro", "tflite-micro"), ("ethos-u55-128", "ethosu", "ethos-u")]
)
def test_a_missing_package_is_named_before_anything_is_read(tmp_path, untrained, monkeypatch, board, module, extra):
    real = importlib.util.find_spec
    known = {"tflite_micro": real("json"), "ethosu": real("json"), module: None}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: known.get(name) if name in known else real(name, *more)
    )
    with pytest.raises(MissingDependencyError, match=rf"edgecompress\[{extra}\]|no wheels"):
        build(tmp_path, target=board)


def test_other_boards_are_asked_for_as_before():
    request = Request(target="rpi4")
    assert microcontroller.asked(request, target.load("rpi4")) is request
    assert microcontroller.packages(target.load("rpi4")) == ()


def test_the_budget_of_an_ethos_u_is_of_what_vela_compiled_and_before_training_of_ram_alone(micro_bundle):
    proof = bundle.load(micro_bundle).models["model-int8.tflite"].microcontroller
    board = target.load("ethos-u85-256")
    board = board.model_copy(update={"budget": target.Budget(file_kib=1, arena_kib=1)})
    flash, ram = microcontroller.over_budget(board, "model-vela.tflite", proof.vela.file_bytes, proof)
    assert f"model-vela.tflite has {proof.vela.file_bytes / 1024:,.1f} KiB" in flash
    assert f"needs {(proof.vela.sram_bytes + proof.persistent_bytes) / 1024:,.1f} KiB of RAM (its tensor arena" in ram
    assert microcontroller.over_budget(board, "model-vela.tflite", None, proof) == [ram]


@pytest.mark.parametrize(
    ("left", "warned"), [(["QUANTIZE", "DEQUANTIZE"], []), (["QUANTIZE", "EXP"], ["Vela leaves EXP"])]
)
def test_what_vela_leaves_to_the_processor_is_said_before_training(micro_bundle, tmp_path, monkeypatch, left, warned):
    found = (
        bundle.load(micro_bundle).models["model-int8.tflite"].microcontroller.vela.model_copy(update={"on_cpu": left})
    )
    monkeypatch.setattr(microcontroller.vela, "compile_for", lambda *_: found)
    given = prepare(Request(target="ethos-u85-256", changes=(*QUICK, "export.int8=true")), progress=silent, warn=print)
    messages = []
    microcontroller.rehearse(target.load("ethos-u85-256"), given, progress=silent, warn=messages.append)
    assert [message[: len("Vela leaves EXP")] for message in messages] == warned
