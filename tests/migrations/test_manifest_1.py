"""Manifests that were written when version 1 was what a build wrote."""

import copy
import json
from pathlib import Path

from edgecompress.manifest import Manifest
from edgecompress.migrations.manifest_1 import manifest_1

OLD = Path(__file__).parents[1] / "golden" / "manifest-1.json"


def test_a_manifest_of_version_1_is_read_with_its_ratios_by_format():
    manifest, document = Manifest.from_file(OLD), json.loads(OLD.read_text())
    old = document["ratios"]
    assert manifest.ratios.files == {"onnx": old["onnx"], "tflite": old["tflite"]}
    assert manifest.ratios.weights == old["weights"]
    others = {key: value for key, value in document.items() if key != "ratios"} | {"schema_version": 2}
    assert {key: value for key, value in manifest_1(document).items() if key != "ratios"} == others


def test_a_network_without_a_tflite_form_has_no_ratio_of_one_and_the_document_given_is_not_changed():
    document = json.loads(OLD.read_text())
    document["ratios"]["tflite"] = None
    before = copy.deepcopy(document)
    assert list(manifest_1(document)["ratios"]["files"]) == ["onnx"]
    assert document == before
