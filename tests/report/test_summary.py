import csv as standard_csv
from pathlib import Path

import pytest

from edgecompress import bundle
from edgecompress.report.summary import MOST_VALUES, WIDTH, summary
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.markdown import markdown
from edgecompress.report.writers.terminal import terminal


def by_file(manifest):
    return {line["file"]: line for line in standard_csv.DictReader(csv(summary(manifest), Path()).splitlines())}


def test_int8_files_have_their_accuracy_and_the_part_of_equal_answers(int8_bundle):
    manifest = bundle.load(int8_bundle)
    found = by_file(manifest)
    for name in ("model-int8.onnx", "dense-int8.tflite"):
        file = manifest.models[name]
        dense = manifest.models["dense.tflite" if name.endswith("tflite") else "dense.onnx"].bytes
        assert float(found[name]["times_smaller"]) == dense / file.bytes
        assert float(found[name]["accuracy_percent"]) == file.accuracy.percent
        assert (found[name]["accuracy_samples"], found[name]["proof_samples"]) == ("359", "256")
        assert float(found[name]["agreement_percent"]) == 100 * file.verification.outputs.argmax_agreement
    assert found["model.onnx"]["agreement_percent"] == ""
    assert "same answers" in terminal(summary(manifest), Path())


def test_stages_sizes_accuracies_and_proofs(small_bundle):
    manifest = bundle.load(small_bundle)
    text = terminal(summary(manifest), Path())
    drop = manifest.accuracy.dense - manifest.accuracy.compressed
    assert f"drop {drop:.2f} points" in " ".join(text.split())
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("train", "prune", "cluster"))] == [
        "train",
        "prune",
        "cluster",
    ]
    assert "same answers" not in text, "no file is judged by its answers"
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "recipe " not in text
    model = by_file(manifest)["model.onnx"]
    assert float(model["times_smaller"]) == pytest.approx(manifest.ratios.files["onnx"])
    assert model["identical_weights"] == "12"
    assert int(model["container_bytes"]) == manifest.files["model.onnx.ecz"].bytes


def test_only_a_clustered_layer_has_a_number_of_values(small_bundle):
    stages = summary(bundle.load(small_bundle)).figures[0].table.rows
    values = {row.cells[0].value: row.cells[-1].value for row in stages}
    assert values["train"] is None
    assert values["cluster"] <= MOST_VALUES


def test_a_recipe_that_the_board_chose_has_its_reason(small_bundle):
    chosen = {"recipe_name": "alexnet+sparse-arm", "recipe_reason": "it pays there"}
    text = terminal(summary(bundle.load(small_bundle).model_copy(update=chosen)), small_bundle)
    assert "recipe alexnet+sparse-arm: it pays there\n" in text


def test_it_says_which_machine_takes_the_metric_and_why(masks_bundle):
    manifest = bundle.load(masks_bundle)
    text = " ".join(terminal(summary(manifest), masks_bundle).split())
    assert "In benchmarks a board can judge: bench --run-metric shows metric.py and runs it there." in text
    evaluation = manifest.judged.evaluation.model_copy(update={"source": None, "host_only": "m.py imports torch"})
    judged = manifest.judged.model_copy(update={"evaluation": evaluation})
    text = " ".join(terminal(summary(manifest.model_copy(update={"judged": judged})), masks_bundle).split())
    assert "In benchmarks this machine judges: m.py imports torch." in text


@pytest.mark.parametrize("write", [terminal, markdown])
def test_doubts_about_the_accuracies_are_warnings(small_bundle, write):
    manifest = bundle.load(small_bundle)
    guessing = manifest.accuracy.model_copy(update={"dense": 10.0, "compressed": 12.0, "samples": 50})
    text = " ".join(write(summary(manifest.model_copy(update={"accuracy": guessing})), small_bundle).split())
    for part in ("learnt next to nothing", "one of them is 2.0 points", "2.00 points better than the dense one"):
        assert part in text
