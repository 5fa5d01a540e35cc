"""Cells that were computed and written when version 1 was what a study wrote."""

import copy
import json
from pathlib import Path

from edgecompress.migrations.cell_1 import cell_1
from edgecompress.study.records import CellRecord

OLD = Path(__file__).parents[1] / "golden" / "cell-1.json"


def test_a_cell_of_version_1_is_read_with_its_sizes_by_format():
    record, old = CellRecord.from_file(OLD), json.loads(OLD.read_text())["outcome"]["sizes"]
    onnx, tflite = record.outcome.sizes["onnx"], record.outcome.sizes["tflite"]
    assert (onnx.dense, onnx.compressed, onnx.container) == (old["dense_onnx"], old["onnx"], old["container"])
    assert onnx.entropy_bound == old["entropy_bound"]
    assert (tflite.dense, tflite.compressed) == (old["dense_tflite"], old["tflite"])
    assert tflite.container is tflite.entropy_bound is tflite.container_ratio is None


def test_a_failed_cell_has_no_sizes_and_the_document_given_is_not_changed():
    document = json.loads(OLD.read_text()) | {"state": "failed", "error": "no data", "outcome": None}
    before = copy.deepcopy(document)
    assert CellRecord.from_json(json.dumps(document), "it").outcome is None
    assert cell_1(document) == document | {"schema_version": 2}
    assert document == before
