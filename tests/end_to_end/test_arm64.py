"""arm64 programs run here: both runtimes decode on that architecture what they decode on this one."""

import json
import shutil
import sys

import pytest


@pytest.mark.slow
def test_every_encoding_and_every_form_of_tflite_weights_is_decoded_on_arm64(arm64):
    lines = arm64("check", arm64.folder, PYTHON=sys.executable).splitlines()
    found = {}
    for line in map(json.loads, lines):
        assert line["passed"], line
        assert line["machine"] == "aarch64"
        kind = "onnx" if "onnxruntime" in line else "tflite"
        found[kind] = found.get(kind, 0) + 1
    assert found["onnx"] > 100
    assert found["tflite"] == 8


@pytest.mark.slow
def test_the_images_are_built_and_their_check_passes(arm64):
    if shutil.which("buildah") is None:
        pytest.skip("no buildah here: apt install buildah")
    output = arm64("build_image", arm64.folder, PYTHON=sys.executable)
    assert "localhost/edgecompress-board" in output
    assert '"passed": true' in output
    assert '"passed": false' not in output
