import importlib.util
import platform

import numpy as np
import pytest

from edgecompress.errors import CheckError, MissingDependencyError
from edgecompress.export.microcontroller import prove
from edgecompress.formats.tflite import model_file


def test_outputs_are_litert_s_within_a_step(micro_bundle):
    produced, version, proof = prove.prove(
        micro_bundle / "model-int8.tflite", micro_bundle / "eval.npz", layout="channels_last", compare=20
    )
    assert produced.shape == (100, 10)
    assert version
    assert proof.compared == 20
    assert proof.largest_steps <= 1.01
    assert proof.beyond_a_step == 0
    assert "CONV_2D" in proof.operators


def test_a_file_that_litert_computes_otherwise_fails(micro_bundle, tmp_path, monkeypatch):
    """As if every output were off by three steps in one of both. What only runs it does not judge."""
    path = micro_bundle / "model-int8.tflite"
    monkeypatch.setattr(prove, "run_step", _off(prove.run_step, 3 * prove.output_step(path)))
    asked = {"layout": "channels_last", "compare": 20}
    with pytest.raises(CheckError, match=r"100\.0 % of its outputs .* differ from LiteRT's by more than a step"):
        prove.prove(path, micro_bundle / "eval.npz", **asked)
    assert prove.run(path, micro_bundle / "eval.npz", **asked)[2].beyond_a_step == 1


def _off(run_step, by):
    def changed(step, job, file, **options):
        done = run_step(step, job, file, **options)
        with np.load(job["output"]) as archive:
            arrays = dict(archive)
        np.savez(job["output"].removesuffix(".npz"), **{**arrays, "y": arrays["y"] + by})
        return done

    return changed


def test_a_file_that_the_runtime_refuses_is_an_error_that_names_the_operator(micro_bundle, small_bundle):
    assert model_file.parse(small_bundle / "model.tflite")
    with pytest.raises(CheckError, match="DENSIFY"):
        prove.prove(small_bundle / "model.tflite", micro_bundle / "eval.npz", layout="channels_last", compare=1)


@pytest.mark.parametrize(
    ("machine", "message"), [("x86_64", r"edgecompress\[tflite-micro\]"), ("aarch64", "no wheels")]
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, machine, message):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(MissingDependencyError, match=message):
        prove.check_installed()
